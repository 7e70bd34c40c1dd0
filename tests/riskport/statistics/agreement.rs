//! Agreement, kappa and McNemar against scikit-learn and SciPy.

use riskport::engine::statistics::{Unmeasurable, agreement, mcnemar};

use super::{assert_close, assert_estimate, assert_relatively_close, count, counts, list};

#[test]
fn agreement_and_kappa_are_those_of_the_references() {
    let reference = super::reference!("agreement");
    for (at, case) in list(&reference["tables"]).iter().enumerate() {
        let table: Vec<Vec<u64>> = list(&case["table"]).iter().map(counts).collect();
        let (got, n) = (agreement(&table).unwrap(), count(&case["n"]));
        assert_estimate(&format!("agreement {at}"), got.observed, &case["observed"], &case["observed_interval"], n);
        assert_estimate(&format!("kappa {at}"), got.kappa.unwrap(), &case["kappa"], &case["kappa_interval"], n);
    }
}

#[test]
fn mcnemar_is_that_of_scipy() {
    let reference = super::reference!("agreement");
    for case in list(&reference["mcnemar"]) {
        let n = count(&case["n"]);
        let got = mcnemar(count(&case["only_first"]), count(&case["only_second"]), n).unwrap();
        assert_estimate(&format!("difference of {case}"), got.difference, &case["difference"], &case["interval"], n);
        assert_relatively_close(&format!("p of {case}"), got.p, &case["p"]);
    }
}

#[test]
fn the_ends_of_agreement() {
    // Both always said the same one thing: chance would agree as well.
    let one_answer = agreement(&[vec![0, 0], vec![0, 9]]).unwrap();
    assert_eq!(one_answer.kappa, None);
    assert_close("agreement", one_answer.observed.value, &1.0.into());
    let full = agreement(&[vec![4, 0], vec![0, 9]]).unwrap().kappa.unwrap();
    assert_close("full", full.value, &1.0.into());
    assert_eq!(agreement(&[]), Err(Unmeasurable::Empty));
    assert_eq!(agreement(&[vec![0, 0], vec![0, 0]]), Err(Unmeasurable::Empty));
    assert_eq!(agreement(&[vec![1, 0], vec![1]]), Err(Unmeasurable::Inconsistent));
    assert_eq!(agreement(&[vec![u64::MAX, 1], vec![0, 0]]), Err(Unmeasurable::TooMany));
    assert_eq!(mcnemar(0, 0, 0).map(|_| ()), Err(Unmeasurable::Empty));
    assert_eq!(mcnemar(4, 4, 7).map(|_| ()), Err(Unmeasurable::Inconsistent));
    assert_eq!(mcnemar(u64::MAX, 1, 7).map(|_| ()), Err(Unmeasurable::Inconsistent));
    assert_close("no discordance", mcnemar(0, 0, 7).unwrap().p, &1.0.into());
}
