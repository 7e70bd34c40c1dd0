//! A report as texts, tables and charts: said once, and then written for a terminal or as a page.

/// How much of a report is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// What a reader of something else may want to know.
    Short,
    /// What fits a screen or two.
    Usual,
    /// Every row of every table.
    All,
    /// Every row, and a chart of every feature.
    Page,
}

/// The whole.
pub(super) struct Document {
    /// What it is about.
    pub title: String,
    /// What must be known before anything else.
    pub facts: Vec<String>,
    /// Its parts.
    pub sections: Vec<Section>,
}

/// A part, with a title of its own.
pub(super) struct Section {
    /// The title.
    pub title: String,
    /// Whether it tells what must not be overlooked.
    pub alarming: bool,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// A piece of a part.
pub(super) enum Block {
    /// Sentences.
    Text(String),
    /// A table.
    Table(Table),
    /// How decisions fell, against a reference.
    Shares(Shares),
    /// Probabilities against what happened.
    Calibration(Vec<CalibrationPoint>),
}

/// A table.
pub(super) struct Table {
    /// The columns' names.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell of a table.
pub(super) enum Cell {
    /// Text, to the left.
    Text(String),
    /// A figure, to the right.
    Number(String),
    /// Shares as small columns.
    Shape(Vec<f64>),
    /// Text that must not be overlooked.
    Alarm(String),
}

/// Two distributions over the same bins.
pub(super) struct Shares {
    /// What is distributed; empty when the section says it.
    pub name: String,
    /// What the reference is; nothing without one.
    pub reference: Option<&'static str>,
    /// The bins.
    pub bins: Vec<ShareBin>,
}

/// One bin of both.
pub(super) struct ShareBin {
    /// What falls in it.
    pub label: String,
    /// The share now, 0-1.
    pub now: f64,
    /// The share in the reference, 0-1; 0 without one.
    pub reference: f64,
}

/// A group of decisions with scores near each other.
pub(super) struct CalibrationPoint {
    /// Which scores.
    pub label: String,
    /// The mean of their probabilities.
    pub predicted: f64,
    /// The share of bad ones.
    pub observed: f64,
    /// The interval of that share.
    pub interval: (f64, f64),
    /// How many decisions there are.
    pub decisions: i64,
}

impl Section {
    /// A part that alarms nobody.
    pub(super) fn new(title: &str, blocks: Vec<Block>) -> Self {
        Self { title: title.to_owned(), alarming: false, blocks }
    }
}

impl Table {
    /// A table with these columns.
    pub(super) fn new(header: &[&str], rows: Vec<Vec<Cell>>) -> Self {
        Self { header: header.iter().map(|name| (*name).to_owned()).collect(), rows }
    }
}

impl Cell {
    /// Text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A figure.
    pub(super) fn number(figure: impl Into<String>) -> Self {
        Self::Number(figure.into())
    }
}
