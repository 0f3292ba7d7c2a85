//! The flags that fix what an ONNX file leaves open: shapes of inputs, and inputs that are constants.

use std::collections::BTreeMap;

use anyhow::bail;
use maat_package::ImportOptions;

/// What is fixed about the network's inputs.
#[derive(clap::Args)]
pub struct Importing {
    /// The shape of an input, such as `x=1,3,48,192`, where the file leaves axes open or gives no shape; may be repeated. Other inputs whose
    /// axes have the same names get the same lengths. A first axis that is open has length 1 otherwise
    #[arg(long, value_name = "NAME=LENGTHS", value_parser = shape)]
    shape: Vec<(String, Vec<usize>)>,
    /// Make an input a constant, such as `sr=16000`: one value for all of its elements, or a list such as `x=1,2,3` with each; may be
    /// repeated. The value becomes a part of the network, and the manifest says so
    #[arg(long, value_name = "NAME=VALUES", value_parser = values)]
    set: Vec<(String, Vec<f64>)>,
}

impl Importing {
    /// # Errors
    /// An input is named twice.
    pub fn options(&self) -> anyhow::Result<ImportOptions> {
        Ok(ImportOptions { shapes: by_name("--shape", &self.shape)?, constants: by_name("--set", &self.set)? })
    }
}

fn by_name<T: Clone>(flag: &str, list: &[(String, Vec<T>)]) -> anyhow::Result<BTreeMap<String, Vec<T>>> {
    let mut map = BTreeMap::new();
    for (name, values) in list {
        if map.insert(name.clone(), values.clone()).is_some() {
            bail!("{flag} is given twice for the input `{name}`");
        }
    }
    Ok(map)
}

/// A name and a list. The name of a tensor may hold the sign that separates them.
fn named(text: &str) -> Result<(String, Vec<&str>), String> {
    let (name, list) = text.rsplit_once('=').filter(|(name, _)| !name.is_empty()).ok_or("a name, `=` and numbers are expected")?;
    let list = if list.trim().is_empty() { Vec::new() } else { list.split(',').map(str::trim).collect() };
    Ok((name.to_owned(), list))
}

/// `x=1,3,48,192`; `x=` is a scalar.
fn shape(text: &str) -> Result<(String, Vec<usize>), String> {
    let (name, list) = named(text)?;
    let lengths = list.iter().map(|length| length.parse().map_err(|_| format!("`{length}` is not the length of an axis")));
    Ok((name, lengths.collect::<Result<_, _>>()?))
}

/// `sr=16000` or `x=1,2,3`; truth values may be written out.
fn values(text: &str) -> Result<(String, Vec<f64>), String> {
    let (name, list) = named(text)?;
    let value = |value: &&str| match *value {
        "true" => Ok(1.0),
        "false" => Ok(0.0),
        number => number.parse::<f64>().ok().filter(|value| value.is_finite()).ok_or_else(|| format!("`{number}` is not a number")),
    };
    let values = list.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    if values.is_empty() { Err("a value is expected after `=`".to_owned()) } else { Ok((name, values)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_and_values_are_lists_behind_a_name() {
        assert_eq!(shape("x=1,3, 48,192"), Ok(("x".to_owned(), vec![1, 3, 48, 192])));
        assert_eq!(shape("a=b=2"), Ok(("a=b".to_owned(), vec![2])));
        assert_eq!(shape("x="), Ok(("x".to_owned(), vec![])));
        for wrong in ["x", "=1", "x=1,,2", "x=-1", "x=N"] {
            assert!(shape(wrong).is_err(), "{wrong}");
        }
        assert_eq!(values("sr=16000"), Ok(("sr".to_owned(), vec![16000.0])));
        assert_eq!(values("x=-1.5,true,1e3"), Ok(("x".to_owned(), vec![-1.5, 1.0, 1000.0])));
        for wrong in ["x=", "x=one", "x=NaN", "x=inf"] {
            assert!(values(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_input_is_fixed_once() {
        let twice = Importing { shape: vec![("x".to_owned(), vec![1]); 2], set: Vec::new() };
        assert!(twice.options().unwrap_err().to_string().contains("--shape is given twice for the input `x`"));
    }
}
