//! `LightGBM`'s text format, versions 3 and 4, as release 4.7 reads and scores it.
//!
//! The file is lines of `key=value`: a header, the trees, `end of trees`, parameters that scoring does not need, and the
//! texts of categories that the Python package adds. `LightGBM` has no specification of it; its `gbdt_model_text.cpp`
//! and `tree.cpp` are the reference.

mod categories;
mod header;
mod tree;

use crate::engine::{
    LoadError,
    forest::{Forest, ForestSpec, Precision, Tree},
    format::max_nodes,
    parsed::{Body, Format, Parsed},
};
use header::Header;

/// Whether a file claims to be in this format.
pub(super) fn is_it(bytes: &[u8]) -> bool {
    bytes.starts_with(b"tree\n") || bytes.starts_with(b"tree\r\n")
}

pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, LoadError> {
    let text = std::str::from_utf8(bytes).map_err(|_| LoadError::Form("LightGBM text: not UTF-8".to_owned()))?;
    let mut lines = Lines { rest: text };
    lines.next();
    let mut header = Header::read(&mut lines)?;
    let mut trees = Vec::new();
    let mut room = max_nodes(bytes.len());
    loop {
        match lines.next() {
            Some("end of trees") => break,
            Some(line) if line.starts_with("Tree=") => {
                let tree = tree::read(&format!("tree {}", trees.len()), &mut lines, header.inputs.len(), &mut room)?;
                trees.push(tree);
            }
            Some("") => {}
            Some(_) => return Err(LoadError::Form("LightGBM text: a tree was expected".to_owned())),
            None => return Err(LoadError::Form("LightGBM text: it ends before `end of trees`".to_owned())),
        }
    }
    categories::attach(&lines, &header.categorical, &mut header.inputs)?;
    let spec = spec(trees, &header);
    Ok(Parsed {
        format: Format::LightGbmText,
        inputs: header.inputs,
        link: header.link,
        body: Body::Forest(Forest::new(spec)?),
    })
}

fn spec(trees: Vec<Tree>, header: &Header) -> ForestSpec {
    #[allow(clippy::cast_precision_loss, reason = "a forest has far fewer trees than 2^52")]
    let scale = if header.average { 1.0 / trees.len().max(1) as f64 } else { 1.0 };
    ForestSpec {
        inputs: header.inputs.len(),
        precision: Precision::Double,
        sums: Precision::Double,
        base: 0.0,
        scale,
        trees,
    }
}

/// The lines of a text, without their ends.
#[derive(Clone)]
struct Lines<'a> {
    rest: &'a str,
}

impl<'a> Lines<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.clone().next()
    }

    /// Reads the values of some keys, up to an empty line or a line that `ends`. Keys that are not asked for are skipped.
    fn fields<const N: usize>(
        &mut self,
        part: &str,
        keys: [&'static str; N],
        ends: impl Fn(&str) -> bool,
    ) -> Result<[Option<&'a str>; N], LoadError> {
        let mut values = [None; N];
        while let Some(line) = self.peek().filter(|line| !line.is_empty() && !ends(line)) {
            self.next();
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            if let Some(at) = keys.iter().position(|one| *one == key)
                && values[at].replace(value).is_some()
            {
                return Err(LoadError::rule(format!("{part}: {}", keys[at]), "must not be given twice"));
            }
        }
        Ok(values)
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }
}
