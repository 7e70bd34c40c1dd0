//! How the report is written: colours where a person sees them, and lines that fit a terminal.

use std::{
    env,
    io::{self, IsTerminal},
};

use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets::NOTHING};

/// The widest line of the report: that of the narrowest usual terminal.
pub(in crate::cli) const LINE_WIDTH: usize = 80;

/// Whether to use colours. They never carry anything that the text does not say.
pub(in crate::cli) struct Style {
    colour: bool,
}

impl Style {
    /// Colours when standard output is a terminal that has them, and `NO_COLOR` (no-color.org) does not ask for none.
    pub(in crate::cli) fn of_stdout() -> Self {
        let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { colour: io::stdout().is_terminal() && !unwanted && !dumb }
    }

    #[cfg(test)]
    pub(in crate::cli) fn plain() -> Self {
        Self { colour: false }
    }

    /// Whether there are colours.
    pub(in crate::cli) fn has_colour(&self) -> bool {
        self.colour
    }

    pub(in crate::cli) fn bold(&self, text: &str) -> String {
        self.paint(text, "1")
    }

    /// What concerns those who paid.
    pub(in crate::cli) fn good(&self, text: &str) -> String {
        self.paint(text, "36")
    }

    /// What concerns those who defaulted.
    pub(in crate::cli) fn bad(&self, text: &str) -> String {
        self.paint(text, "31")
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.colour && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A table's cell about those who defaulted.
    pub(in crate::cli) fn bad_cell(&self, text: &str) -> Cell {
        let cell = Cell::new(text);
        if self.colour { cell.fg(Color::DarkRed) } else { cell }
    }

    /// A table without lines: two spaces before each column.
    pub(in crate::cli) fn table(&self, header: &[&str]) -> Table {
        let mut table = Table::new();
        let header = header.iter().map(|title| {
            let cell = Cell::new(title);
            if self.colour { cell.add_attribute(Attribute::Dim) } else { cell }
        });
        table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
        for column in table.column_iter_mut() {
            column.set_padding((2, 0));
        }
        table
    }
}

/// Breaks text into lines that fit; those after the first begin at `indent`. A per cent sign stays with its number.
pub(in crate::cli) fn paragraph(text: &str, indent: usize) -> String {
    let (mut lines, mut width) = (String::new(), indent);
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let length = word.chars().count();
        let kept_with = words.peek().filter(|next| next.starts_with('%')).map_or(0, |next| 1 + next.chars().count());
        if width > indent && width + 1 + length + kept_with > LINE_WIDTH {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent));
            width = indent;
        } else if width > indent {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += length;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_keeps_every_word_and_fits() {
        let text = "word and another ".repeat(30);
        let lines = paragraph(&text, 12);
        assert!(lines.lines().skip(1).all(|line| line.len() <= LINE_WIDTH && line.starts_with(&" ".repeat(12))));
        assert!(lines.lines().next().is_some_and(|line| line.len() <= LINE_WIDTH - 12));
        assert!(lines.split_whitespace().eq(text.split_whitespace()));
    }

    #[test]
    fn a_per_cent_sign_stays_with_its_number() {
        for before in 60..80 {
            let lines = paragraph(&format!("{} 25.0 %, and more", "x".repeat(before)), 2);
            assert!(lines.contains("25.0 %,"), "{lines}");
        }
    }
}
