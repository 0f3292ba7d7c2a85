use super::code::{CONSTANT, Code, Function, NAME};
use super::layers::numbered;
use super::weights::{start_lists, starts};
use super::windows::{Place, Windows, element};

/// The longest axis whose comparisons are straight code.
pub const MAX_LENGTH: usize = 64;
/// Elements of a block that straight code takes apart.
pub const MAX_BLOCK: usize = 1_024;

/// The greatest values along an axis: a block has `length` times as many elements as it gives, those that are compared at equal distances.
pub fn max(windows: &Windows, places: &[Place], length: usize) -> Function {
    let outputs = places.len() / length;
    let used = windows.used(places.iter().filter_map(|place| match place {
        Place::Run(run, position) => Some((*run, *position)),
        Place::Constant(_) => None,
    }));
    let mut code = Code::default();
    code.open(format!("pub fn {NAME}({}) -> Span<felt252>", windows.parameters()));
    code.line("let mut y = array![];");
    windows.walk(&mut code, &start_lists(CONSTANT, windows), |code| {
        windows.destructure(code, &used);
        for output in 0..outputs {
            let argument = |place: &Place| match *place {
                Place::Run(run, position) => format!("*{}", element(run, position)),
                Place::Constant(value) => value.to_string(),
            };
            let arguments: Vec<String> = places[output..].iter().step_by(outputs).map(argument).collect();
            code.line(format!("y.append({NAME}__of({}));", arguments.join(", ")));
        }
    });
    code.line("y.span()");
    code.close();

    let parameters = (0..length).map(|index| format!("x{index}: felt252")).collect::<Vec<_>>().join(", ");
    code.line("");
    code.line(format!("/// The greatest of {}.", numbered("x", length)));
    code.open(format!("fn {NAME}__of({parameters}) -> felt252"));
    code.line("let y = x0;");
    for index in 1..length {
        code.line(format!("let y = max::max(y, x{index});"));
    }
    code.line("y");
    code.close();
    Function { text: code.finish(), constants: starts(CONSTANT, windows), felts: 12 * outputs + 40 * length }
}
