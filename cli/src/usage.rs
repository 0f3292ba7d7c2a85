//! Answers to a command line that runs no verb: help, the version, and what is wrong with it.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde_json::{Map, Value};

use crate::response::{Outcome, fail, print_object};

/// The command line as Clap should read it: Clap's own verb `help` takes names of verbs alone, but every verb takes `--json`.
pub fn command_line(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    if arguments.get(1).is_some_and(|verb| verb == "help") {
        arguments.retain(|argument| argument != "--json");
    }
    arguments
}

/// Prints the answer, as JSON if the command line asks for that.
pub fn answer(mut answer: clap::Error) -> Outcome {
    drop_misleading_tips(&mut answer);
    let json = asks_for_json(std::env::args_os().skip(1));
    let text = answer.render();
    let kind = match answer.kind() {
        ErrorKind::DisplayHelp => "help",
        ErrorKind::DisplayVersion => "version",
        _ if json => return fail(&reason(&text.to_string()), json),
        _ => {
            // With colours on a terminal. If it cannot be written, the exit code has to do.
            let _ = answer.print();
            return Outcome::NotDone;
        }
    };
    let written = if json {
        let members = Map::from_iter([(kind.to_owned(), Value::from(text.to_string().trim_end()))]);
        print_object(Outcome::Holds, members)
    } else {
        // The last line stays in a buffer until it is flushed.
        answer.print().and_then(|()| std::io::Write::flush(&mut std::io::stdout()))
    };
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => fail(&format!("cannot write the {kind}: {error}"), false),
        _ => Outcome::Holds,
    }
}

/// Removes Clap's tips to put `--` before an unknown argument: it would then be taken for the name of a file.
fn drop_misleading_tips(answer: &mut clap::Error) {
    if let Some(ContextValue::StyledStrs(mut tips)) = answer.remove(ContextKind::Suggested) {
        tips.retain(|tip| !tip.to_string().contains("'-- "));
        if !tips.is_empty() {
            answer.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
        }
    }
}

/// Whether `--json` is among the arguments, which cannot be parsed.
fn asks_for_json(arguments: impl Iterator<Item = impl AsRef<OsStr>>) -> bool {
    arguments.take_while(|argument| argument.as_ref() != "--").any(|argument| argument.as_ref() == "--json")
}

/// What is wrong, without the reminders of usage and help after it.
fn reason(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let end = ["\n\nUsage:", "\n\nFor more information"].into_iter().filter_map(|mark| text.find(mark)).min();
    text[..end.unwrap_or(text.len())].trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_counts_before_the_arguments_that_are_none() {
        let asks = |arguments: &[&str]| asks_for_json(arguments.iter());
        assert!(asks(&["dance", "--json"]) && asks(&["--json"]));
        assert!(!asks(&["run", "--", "--json"]) && !asks(&["run", "json"]));
    }

    #[test]
    fn help_takes_the_flag_as_every_verb_does() {
        let line = |arguments: &[&str]| command_line(arguments.iter().map(OsString::from));
        assert_eq!(line(&["maat", "help", "run", "--json"]), ["maat", "help", "run"]);
        assert_eq!(line(&["maat", "run", "help", "--json"]), ["maat", "run", "help", "--json"]);
    }

    #[test]
    fn a_reason_ends_where_usage_begins() {
        assert_eq!(
            reason("error: no such verb\n\n  tip: run\n\nUsage: maat\n\nFor more information, try '--help'.\n"),
            "no such verb\n\n  tip: run"
        );
        assert_eq!(reason("error: not now\n\nFor more information, try '--help'.\n"), "not now");
    }
}
