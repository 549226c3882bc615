//! One manual page from one command. clap_mangen writes the options; the rest is ours, because its closing section
//! loses the line breaks of examples, its synopsis repeats every flag, and its title needs a date.

use std::io;

use clap::builder::PossibleValue;
use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::about;

const MAIN: &str = "oc-guardian";
const SECTION: &str = "1";

/// Renders the page of `command`, which must be built. `parent` is none for the main page.
pub(super) fn render(command: &Command, parent: Option<&Command>) -> io::Result<String> {
    let is_main = parent.is_none();
    let mut page = title(command);
    section(&mut page, "NAME", |roff| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        roff.text([roman(format!("{} - {about}", name(command)))]);
    });
    section(&mut page, "SYNOPSIS", |roff| {
        synopsis(roff, command);
    });
    section(&mut page, "DESCRIPTION", |roff| description(roff, command));
    if visible(command).next().is_some() {
        section(&mut page, "COMMANDS", |roff| commands(roff, command));
    }
    page += &options(command, is_main)?;
    if !is_main {
        section(&mut page, "GLOBAL OPTIONS", |roff| {
            roff.text([roman("As on every command; see "), bold(MAIN), roman("(1).")]);
        });
    }
    closing(&mut page, command);
    if is_main {
        about::sections(&mut page);
    } else {
        section(&mut page, "EXIT STATUS", |roff| {
            roff.text([
                roman("0 when done; the other codes are explained in "),
                bold(MAIN),
                roman("(1)."),
            ]);
        });
    }
    section(&mut page, "SEE ALSO", |roff| see_also(roff, command, parent));
    Ok(page)
}

/// The verbs that have pages.
pub(super) fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|verb| !verb.is_hide_set())
}

/// File name without its ending, and the name that other pages refer to: `oc-guardian-key-show`.
pub(super) fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or(command.get_name())
}

pub(super) fn section(page: &mut String, heading: &str, write: impl FnOnce(&mut Roff)) {
    let mut roff = Roff::new();
    roff.control("SH", [heading]);
    write(&mut roff);
    *page += without_preamble(&roff.render());
}

/// Each rendering starts with the definition of the apostrophe, which the page needs once.
fn without_preamble(rendered: &str) -> &str {
    rendered.find(".SH").map_or("", |start| &rendered[start..])
}

pub(super) fn entry(roff: &mut Roff, term: Inline, text: &str) {
    roff.control("TP", []);
    roff.text([term]);
    roff.text([roman(text)]);
}

/// Without a date, so that the same tree always gives the same page. Flags and paths are copied from the page: no
/// hyphenation (nh), and no stretched lines (ad l).
fn title(command: &Command) -> String {
    format!(
        ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n\
         .TH \"{}\" \"{SECTION}\" \"\" \"oc-guardian {}\" \"User Commands\"\n\
         .nh\n.ad l\n",
        name(command).to_uppercase(),
        env!("CARGO_PKG_VERSION"),
    )
}

fn synopsis(roff: &mut Roff, command: &Command) {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    let name = command.get_bin_name().unwrap_or(command.get_name());
    match usage.strip_prefix(name) {
        Some(rest) => roff.text([bold(name), roman(rest)]),
        None => roff.text([roman(usage)]),
    };
}

fn description(roff: &mut Roff, command: &Command) {
    let text = command.get_long_about().or(command.get_about());
    let text = text.map(ToString::to_string).unwrap_or_default();
    let mut paragraphs = text.split("\n\n");
    // The first paragraph is what NAME has said; it stands as a sentence of its own where nothing follows.
    let first = paragraphs.next().unwrap_or_default();
    let rest: Vec<&str> = paragraphs.collect();
    let shown = if rest.is_empty() { vec![first] } else { rest };
    for (index, paragraph) in shown.iter().enumerate() {
        if index > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(sentence(&paragraph.replace('\n', " ")))]);
    }
}

/// With a full stop, which one-line help does without.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', ':', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

fn commands(roff: &mut Roff, command: &Command) {
    for verb in visible(command) {
        roff.control("TP", []);
        roff.text([bold(name(verb)), roman(format!("({SECTION})"))]);
        roff.text([roman(
            verb.get_about().map(ToString::to_string).unwrap_or_default(),
        )]);
    }
}

/// The global options are explained on the main page only.
fn options(command: &Command, is_main: bool) -> io::Result<String> {
    let command = command.clone().mut_args(|argument| {
        let everywhere =
            ["help", "version"].contains(&argument.get_id().as_str()) || argument.is_global_set();
        let is_hidden = argument.is_hide_set() || (!is_main && everywhere);
        let argument = argument.hide(is_hidden);
        name_values(argument)
    });
    if command.get_arguments().all(Arg::is_hide_set) {
        return Ok(String::new());
    }
    let mut rendered = Vec::new();
    Man::new(command).render_options_section(&mut rendered)?;
    let rendered = String::from_utf8_lossy(&rendered);
    // A line break on each side of an empty line: one space is what is meant, and what mandoc accepts.
    Ok(without_preamble(&rendered).replace("\n.br\n\n.br\n", "\n.sp\n"))
}

/// Values that need no explanation fit on the line of their option.
fn name_values(argument: Arg) -> Arg {
    let values = argument.get_possible_values();
    let needs_list = values.iter().any(|value| value.get_help().is_some());
    if values.is_empty() || needs_list || !argument.get_action().takes_values() {
        return argument;
    }
    let names: Vec<&str> = values
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(PossibleValue::get_name)
        .collect();
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    argument
        .help(format!("{help} [possible values: {}]", names.join(", ")))
        .hide_possible_values(true)
}

/// What closes the command's `--help`: blocks with a heading line become sections with their line breaks kept.
fn closing(page: &mut String, command: &Command) {
    let Some(text) = command.get_after_long_help().or(command.get_after_help()) else {
        return;
    };
    for block in text.to_string().split("\n\n") {
        if let Some((heading, lines)) = block.split_once(":\n") {
            section(page, &heading.to_uppercase(), |roff| {
                roff.control("nf", []);
                for line in lines.lines() {
                    roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
                }
                roff.control("fi", []);
            });
        } else if !block.starts_with(about::EXIT_CODES) {
            section(page, "NOTES", |roff| {
                roff.text([roman(block.replace('\n', " "))]);
            });
        }
    }
}

fn see_also(roff: &mut Roff, command: &Command, parent: Option<&Command>) {
    let mut names: Vec<&str> = Vec::new();
    if let Some(parent) = parent {
        names.push(MAIN);
        // The verbs of the main page are too many to repeat on each of their pages.
        if name(parent) != MAIN {
            names.push(name(parent));
            names.extend(visible(parent).map(name));
        }
    }
    names.extend(visible(command).map(name));
    names.retain(|other| *other != name(command));
    let mut references = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let comma = if index + 1 < names.len() { ", " } else { "" };
        references.extend([bold(*name), roman(format!("({SECTION}){comma}"))]);
    }
    if parent.is_none() {
        references.extend([roman(", "), bold("age"), roman("(1)")]);
    }
    roff.text(references);
    if parent.is_none() {
        roff.control("PP", []);
        roff.text([italic(env!("CARGO_PKG_REPOSITORY"))]);
    }
}
