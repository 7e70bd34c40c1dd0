//! Whatever a model file holds, it is refused, or it scores and explains; nothing panics, and all of it ends.
//!
//! From the root of the repository, with the test's models to begin with:
//!
//! ```text
//! cargo install cargo-fuzz
//! mkdir -p fuzz/corpus/model_load && cp tests/cases/models/*.{txt,json,ubj,onnx} fuzz/corpus/model_load/
//! RUSTC_BOOTSTRAP=1 cargo fuzz run model_load -- -rss_limit_mb=512 -timeout=1 -max_len=40000
//! ```

#![no_main]

use libfuzzer_sys::fuzz_target;
use riskport::engine::{Predictor, Scorecard};

fuzz_target!(|bytes: &[u8]| {
    let _ = Scorecard::load(bytes);
    let Ok(model) = Predictor::load(bytes) else { return };
    let inputs = model.inputs().len();
    for value in [0.0, -0.0, 1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        let row = vec![value; inputs];
        let raw = model.raw(&row);
        assert_eq!(model.raw_batch(&row)[0].to_bits(), raw.to_bits());
        let _ = (model.link().apply(raw), model.contributions(&row));
    }
});
