//! Statements of many rows, made of those of one: each statement is a trip to the database and back, while others wait.

use sqlx::AssertSqlSafe;

/// A statement with its one row of values as often as there are rows, and the binds of each row after those of the one before.
///
/// Its text is made of the statement and of counts only. Each number of rows is a statement of its own, that is prepared and
/// kept: whoever calls this bounds them.
pub(super) fn of_rows(sql: &'static str, rows: usize) -> AssertSqlSafe<String> {
    let (head, rest) = sql.split_once("VALUES (").unwrap_or((sql, ""));
    let (row, tail) = rest.split_once(')').unwrap_or((rest, ""));
    let width = row.split(',').count();
    let row = |at: usize| {
        let binds: Vec<String> = (1..=width).map(|bind| format!("${}", at * width + bind)).collect();
        format!("({})", binds.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    AssertSqlSafe(format!("{head}VALUES {}{tail}", rows.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_repeated_with_binds_of_its_own() {
        const ONE: &str = "INSERT INTO marks (writer, tenant) VALUES ($1, $2) ON CONFLICT (writer) DO NOTHING";
        assert_eq!(of_rows(ONE, 1).0, ONE);
        let three =
            "INSERT INTO marks (writer, tenant) VALUES ($1, $2), ($3, $4), ($5, $6) ON CONFLICT (writer) DO NOTHING";
        assert_eq!(of_rows(ONE, 3).0, three);
    }
}
