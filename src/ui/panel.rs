use std::io::{self, Write};

use super::Ui;

/// Switches off wrapping: a line that the terminal broke in two would be counted as one.
const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";

/// A block of lines at the bottom of the terminal that is drawn over each time that it changes. Nothing where there is no
/// terminal, or nobody wants to see it.
pub struct Panel<'a> {
    ui: &'a Ui,
    drawn: Vec<String>,
}

impl<'a> Panel<'a> {
    /// Nothing is drawn yet.
    pub fn new(ui: &'a Ui) -> Self {
        Self {
            ui,
            drawn: Vec::new(),
        }
    }

    /// Whether there is a terminal to draw on.
    pub fn is_shown(&self) -> bool {
        self.ui.live && !self.ui.is_json() && !self.ui.options.quiet
    }

    /// Shows these lines in the place of the last ones.
    pub fn draw(&mut self, lines: Vec<String>) {
        if !self.is_shown() || lines == self.drawn {
            return;
        }
        let mut text = self.home();
        text += NO_WRAP;
        for line in &lines {
            text += &painted(line);
            text += "\x1b[K\n";
        }
        text += WRAP;
        // Fewer lines than before: what is left of the old ones.
        text += "\x1b[J";
        self.write(&text);
        self.drawn = lines;
    }

    /// A lasting line above the block.
    pub fn note(&mut self, text: &str) {
        self.clear();
        self.ui.note(text);
    }

    /// Takes the block away.
    pub fn clear(&mut self) {
        if !self.drawn.is_empty() {
            let text = self.home() + "\x1b[J";
            self.write(&text);
            self.drawn.clear();
        }
    }

    /// To where the block begins.
    fn home(&self) -> String {
        match self.drawn.len() {
            0 => "\r".into(),
            lines => format!("\r\x1b[{lines}A"),
        }
    }

    /// In one piece, so that nothing flickers; past the stream that takes escape codes out, since these are not colours.
    fn write(&self, text: &str) {
        let mut err = io::stderr().lock();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}

/// With colours only where they are wanted.
fn painted(line: &str) -> String {
    match anstream::AutoStream::choice(&io::stderr()) {
        anstream::ColorChoice::Never => anstream::adapter::strip_str(line).to_string(),
        _ => line.to_owned(),
    }
}

impl Drop for Panel<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}
