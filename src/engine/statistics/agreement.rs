//! Whether two models answer alike on the same subjects.

use super::{Estimate, Interval, MAX_COUNT, Share, Unmeasurable, proportion, real, sign_test, total};

/// How far two models agree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// The share of subjects of whom both said the same, with Wilson's interval.
    pub observed: Estimate,
    /// Cohen's kappa: 1 for full agreement, 0 for what chance would give (Cohen, A coefficient of agreement for nominal scales,
    /// 1960), with the interval of Fleiss, Cohen and Everitt (Large sample standard errors of kappa and weighted kappa, 1969);
    /// nothing when both always said the same one thing, for then chance agrees as well.
    pub kappa: Option<Estimate>,
}

/// The agreement of two models. Row i, column j counts the subjects of whom the first said the i-th answer and the second the
/// j-th.
///
/// # Errors
/// When the table is not square, or holds nothing.
pub fn agreement(table: &[Vec<u64>]) -> Result<Agreement, Unmeasurable> {
    if table.iter().any(|row| row.len() != table.len()) {
        return Err(Unmeasurable::Inconsistent);
    }
    let n = total(table.iter().flatten().copied())?;
    let same = table.iter().enumerate().map(|(at, row)| row[at]).sum();
    Ok(Agreement { observed: proportion(Share { count: same, total: n })?, kappa: kappa(table, n) })
}

fn kappa(table: &[Vec<u64>], n: u64) -> Option<Estimate> {
    let share = |count: u64| real(count) / real(n);
    let first: Vec<f64> = table.iter().map(|row| share(row.iter().sum())).collect();
    let second: Vec<f64> = (0..table.len()).map(|column| share(table.iter().map(|row| row[column]).sum())).collect();
    let observed: f64 = table.iter().enumerate().map(|(at, row)| share(row[at])).sum();
    let by_chance: f64 = first.iter().zip(&second).map(|(one, other)| one * other).sum();
    // Only one cell is filled, and it is on the diagonal. Said by counts, which do not round.
    if table.iter().enumerate().any(|(at, row)| row[at] == n) {
        return None;
    }
    let value = (observed - by_chance) / (1.0 - by_chance);
    let (mut agreeing, mut differing) = (0.0, 0.0);
    for (i, row) in table.iter().enumerate() {
        for (j, count) in row.iter().enumerate() {
            if i == j {
                agreeing += share(*count) * (1.0 - (first[i] + second[i]) * (1.0 - value)).powi(2);
            } else {
                differing += share(*count) * (second[i] + first[j]).powi(2);
            }
        }
    }
    let spread = agreeing + (1.0 - value).powi(2) * differing - (value - by_chance * (1.0 - value)).powi(2);
    let error = (spread.max(0.0) / real(n)).sqrt() / (1.0 - by_chance);
    let interval = (error > 0.0).then(|| Interval::around(value, error).clamp(-1.0, 1.0));
    Some(Estimate { value, interval, n })
}

/// Whether one of two models says something more often than the other, on the same subjects: that one approves, or that one
/// is wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemar {
    /// Of how many subjects only the first said it.
    pub only_first: u64,
    /// Of how many subjects only the second said it.
    pub only_second: u64,
    /// The share of the first less that of the second, with the interval of Agresti and Min (Simple improved confidence
    /// intervals for comparing matched proportions, 2005): Wald's after half a subject more in each of the four cells.
    pub difference: Estimate,
    /// The exact two-sided probability of so uneven a split if neither says it more often (McNemar, Note on the sampling
    /// error of the difference between correlated proportions or percentages, 1947, with the binomial distribution).
    pub p: f64,
}

/// McNemar's test on `n` subjects.
///
/// # Errors
/// When there are no subjects, or fewer than those on whom the models differ.
pub fn mcnemar(only_first: u64, only_second: u64, n: u64) -> Result<McNemar, Unmeasurable> {
    match only_first.checked_add(only_second) {
        _ if n == 0 => return Err(Unmeasurable::Empty),
        _ if n > MAX_COUNT => return Err(Unmeasurable::TooMany),
        Some(differing) if differing <= n => {}
        _ => return Err(Unmeasurable::Inconsistent),
    }
    let (one, other, all) = (real(only_first) + 0.5, real(only_second) + 0.5, real(n) + 2.0);
    let error = ((one + other) - (one - other).powi(2) / all).sqrt() / all;
    let value = (real(only_first) - real(only_second)) / real(n);
    let interval = Some(Interval::around((one - other) / all, error).clamp(-1.0, 1.0));
    let difference = Estimate { value, interval, n };
    Ok(McNemar { only_first, only_second, difference, p: sign_test(only_first, only_second) })
}
