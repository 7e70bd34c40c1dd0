//! Compiles the contract with protox, a compiler in Rust, so that no `protoc` need be installed.

use std::{env, error::Error, fs, path::PathBuf};

const FILES: [&str; 8] = [
    "inference/open_inference.proto",
    "riskport/credit/v1/credit_score.proto",
    "riskport/decision/v1/decision.proto",
    "riskport/fraud/v1/fraud_check.proto",
    "riskport/fraud/v1/fraud_policy.proto",
    "riskport/pricing/v1/pricing.proto",
    "riskport/risk/v1/risk_model.proto",
    "riskport/tenant/v1/tenant.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    // The store embeds the migrations, and a new file alone would not make it be built again.
    println!("cargo::rerun-if-changed=migrations");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true).open_files(FILES)?;
    // The descriptor set serves reflection; the comments in it are the partners' documentation.
    fs::write(out.join("descriptor.bin"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        // Maps in order: a stored reply must read back and be sent again as the same bytes.
        .btree_map(".inference")
        .include_file("riskport.rs")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
