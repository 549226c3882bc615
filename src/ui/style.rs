use anstyle::{AnsiColor, Style};

/// Titles of sections and tables.
pub const HEADING: Style = Style::new().bold();
/// What the eye should find: ids, commands to type.
pub const EMPHASIS: Style = AnsiColor::Cyan.on_default();
/// Side remarks.
pub const FAINT: Style = Style::new().dimmed();
/// In order.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// May go wrong.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// Wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();

/// `text` in a style; the stream takes the escape codes out again where colours are not wanted.
pub fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
