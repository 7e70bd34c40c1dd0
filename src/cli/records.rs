//! Records of a CSV text with the lines that they begin on, for telling people where something is wrong.

/// A record, and the line that it begins on.
pub(super) type Record = (usize, Vec<String>);

/// The records of a CSV text with the lines that they begin on (RFC 4180): cells may be quoted, and may then hold commas,
/// line breaks and doubled quotes. Empty lines are passed over.
pub(super) fn records(text: &str) -> Result<Vec<Record>, String> {
    let (mut records, mut cells, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut begun, mut quoted) = (1, 1, false);
    let mut characters = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(one) = characters.next() {
        line += usize::from(one == '\n');
        match one {
            '"' if quoted && characters.peek() == Some(&'"') => cell.extend(characters.next()),
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            '\r' if !quoted && characters.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                cells.push(std::mem::take(&mut cell));
                end_record(&mut records, begun, &mut cells);
                begun = line;
            }
            other => cell.push(other),
        }
    }
    if quoted {
        return Err(format!("line {begun}: a quote is not closed"));
    }
    cells.push(cell);
    end_record(&mut records, begun, &mut cells);
    Ok(records)
}

fn end_record(records: &mut Vec<Record>, begun: usize, cells: &mut Vec<String>) {
    let cells = std::mem::take(cells);
    if cells.iter().any(|cell| !cell.is_empty()) {
        records.push((begun, cells));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_record_knows_its_line() {
        let read = records("\u{feff}a,b\r\n\r\n\"1\n2\",\"3,\"\"4\"\"\"\n5,\n").unwrap();
        let expected = [(1, ["a", "b"]), (3, ["1\n2", "3,\"4\""]), (5, ["5", ""])];
        assert_eq!(read, expected.map(|(line, cells)| (line, cells.map(str::to_owned).to_vec())));
        assert!(records("a\n\"b\n").unwrap_err().contains("line 2: a quote is not closed"));
    }
}
