//! The command reference of the documentation, as Markdown.

use std::fmt::Write;

use clap::{Arg, ArgAction, Command};

/// Every command with its arguments, from their clap definitions.
#[must_use]
pub fn reference() -> String {
    let mut command = super::definition();
    command.build();
    let mut text = String::new();
    for command in command.get_subcommands() {
        section(&mut text, command);
    }
    text
}

fn section(text: &mut String, command: &Command) {
    if command.has_subcommands() {
        for command in command.get_subcommands() {
            section(text, command);
        }
        return;
    }
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let about = command.get_about().map(ToString::to_string);
    let _ = writeln!(text, "\n## {name}\n\n{}.", about.unwrap_or_default());
    let shown = |arg: &&Arg| !arg.is_hide_set() && !arg.is_global_set() && arg.get_id() != "help";
    let mut arguments = command.get_arguments().filter(shown).peekable();
    if arguments.peek().is_some() {
        text.push_str("\n| argument | meaning |\n| --- | --- |\n");
    }
    for arg in arguments {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(
            text,
            "| `{}` | {} |",
            argument(arg),
            help.replace('|', "\\|")
        );
    }
}

/// An argument as it is written on the command line.
fn argument(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let values: Vec<_> = names.iter().map(ToString::to_string).collect();
    let values = values.join(" ");
    let Some(long) = arg.get_long() else {
        return values;
    };
    match arg.get_action() {
        ArgAction::SetTrue | ArgAction::SetFalse | ArgAction::Count => format!("--{long}"),
        ArgAction::Append => format!("--{long} {values}…"),
        _ => format!("--{long} {values}"),
    }
}
