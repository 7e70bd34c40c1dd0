//! A document as one page: HTML with its charts inside, without scripts, and without anything from elsewhere.

mod charts;

use super::document::{Block, Cell, Document, Section, Table};

/// How the page looks, on a light ground, on a dark one, and on paper.
const STYLE: &str = include_str!("page.css");

/// The whole page.
pub(super) fn page(document: &Document) -> String {
    let title = escaped(&document.title);
    let facts = joined(&document.facts, |fact| format!("<li>{}</li>\n", escaped(fact)));
    let sections = joined(&document.sections, section);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<ul class=\"facts\">\n{facts}</ul>\n\
         {sections}</main>\n</body>\n</html>\n"
    )
}

fn section(section: &Section) -> String {
    let class = if section.alarming { " class=\"alarming\"" } else { "" };
    let blocks = joined(&section.blocks, block);
    format!("<section{class}>\n<h2>{}</h2>\n{blocks}</section>\n", escaped(&section.title))
}

fn block(block: &Block) -> String {
    match block {
        Block::Text(text) => format!("<p>{}</p>\n", escaped(text)),
        Block::Table(table) => html_table(table),
        Block::Shares(shares) => charts::shares(shares),
        Block::Calibration(points) => charts::calibration(points),
    }
}

fn html_table(table: &Table) -> String {
    let header = joined(&table.header, |name| format!("<th scope=\"col\">{}</th>", escaped(name)));
    let rows = joined(&table.rows, |row| format!("<tr>{}</tr>\n", joined(row, cell)));
    format!("<div class=\"wide\"><table>\n<thead><tr>{header}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n")
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => format!("<td>{}</td>", escaped(text)),
        Cell::Number(figure) => format!("<td class=\"number\">{}</td>", escaped(figure)),
        Cell::Alarm(text) => format!("<td class=\"number alarm\">{}</td>", escaped(text)),
        Cell::Shape(shares) => format!("<td>{}</td>", charts::shape(shares)),
    }
}

/// Every part as markup, one after the other.
fn joined<T>(parts: &[T], markup: impl Fn(&T) -> String) -> String {
    parts.iter().map(markup).collect::<Vec<_>>().concat()
}

/// Text that can stand between tags and within quotes: names of features, texts of categories and tags are a partner's.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_partner_wrote_becomes_markup() {
        let hostile = "<script>alert(\"1\")</script>' & more";
        let table = Table::new(&[hostile], vec![vec![Cell::text(hostile)], vec![Cell::Alarm(hostile.to_owned())]]);
        let blocks = vec![Block::Text(hostile.to_owned()), Block::Table(table)];
        let sections = vec![Section { title: hostile.to_owned(), alarming: true, blocks }];
        let document = Document { title: hostile.to_owned(), facts: vec![hostile.to_owned()], sections };
        let page = page(&document);
        assert!(!page.contains("<script") && !page.contains("alert(\""), "{page}");
        assert_eq!(page.matches("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39; &amp; more").count(), 8);
    }
}
