//! The page: well-formed, of nothing but itself, and true to what a partner wrote without being harmed by it.

use riskport::rpc::proto::risk::risk_model_service_client::RiskModelServiceClient;
use riskport::{cli::client::Connection, rpc::proto::risk::EvaluateRiskRequest};

use super::{ANALYST, challenger, file};
use crate::support::{
    applicant,
    command::{folder, printed, served},
};

/// A text of a category that would be a program if it became part of a page.
const HOSTILE: &str = "<script>alert(\"'&1\")</script>";

/// Holds that every tag is closed in its turn, that nothing runs, and that nothing is fetched.
pub(super) fn assert_whole(page: &str) {
    let body = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = body;
    while let Some((before, after)) = rest.split_once('<') {
        assert!(!before.contains('>') || open.last() == Some(&"style"), "a > stands free in {before:?}");
        let (tag, after) = after.split_once('>').expect("a tag is not closed");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "after {before:?}");
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
        rest = after;
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?}");
    for forbidden in ["<script", "http:", "https:", "href", "src=", "url(", "@import", "onload", "onclick"] {
        assert!(!page.contains(forbidden), "{forbidden} in the page");
    }
    assert!(page.contains("<svg") && page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
}

#[test]
#[should_panic(expected = "a tag is not closed")]
fn a_torn_page_is_found() {
    assert_whole("<!DOCTYPE html>\n<p><b");
}

/// A manifest whose last feature is a category with a hostile text, and reference rows that fit it.
fn hostile_model(folder: &std::path::Path) -> (String, String) {
    let draft = folder.join("draft.toml").display().to_string();
    printed(&["model", "check", &challenger("model.txt"), "--write-manifest", &draft]);
    let mut manifest: toml::Table = toml::from_str(&std::fs::read_to_string(&draft).unwrap()).unwrap();
    let features = manifest["features"].as_array_mut().unwrap();
    let last = features.iter_mut().find(|one| one["name"].as_str() == Some("repayment_status_6")).unwrap();
    let last = last.as_table_mut().unwrap();
    last.insert("kind".to_owned(), "category".into());
    last.insert("values".to_owned(), toml::Value::Array(vec![HOSTILE.into(), "late".into()]));
    let manifest = file(folder, "manifest.toml", &toml::to_string(&manifest).unwrap());
    // Its place in the list is what the file sees: 0 of those who paid the minimum.
    let mut reader = csv::Reader::from_path(challenger("reference.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = header.iter().position(|name| name == "repayment_status_6").unwrap();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&header).unwrap();
    for row in reader.records().map(Result::unwrap).filter(|row| &row[at] == "0") {
        writer
            .write_record(row.iter().enumerate().map(|(place, cell)| if place == at { HOSTILE } else { cell }))
            .unwrap();
    }
    let rows = file(folder, "rows.csv", &String::from_utf8(writer.into_inner().unwrap()).unwrap());
    (manifest, rows)
}

on_both!(a_hostile_text_stays_a_text, async |world| {
    let folder = folder();
    let (_process, bank) = served(world, folder.path(), &ANALYST).await;
    let (manifest, rows) = hostile_model(folder.path());
    let model = challenger("model.txt");
    printed(&["model", "profile", &model, "--manifest", &manifest, "--training", &rows, "--write"]);
    bank.prints(&["model", "push", &model, "--model", "hostile", "--manifest", &manifest, "--reference", &rows]);
    bank.prints(&["model", "promote", "hostile/1"]);

    let connection = Connection {
        server: bank.server.clone(),
        key: Some(bank.key.clone()),
        tenant: bank.tenant.clone(),
        audience: "riskport".to_owned(),
        ca: None,
        client_cert: None,
        client_key: None,
    };
    let mut client = RiskModelServiceClient::new(connection.open().await.unwrap());
    for at in 0..3 {
        let mut features = applicant::request("any", at).features.unwrap();
        let text = prost_types::value::Kind::StringValue(HOSTILE.to_owned());
        features.fields.insert("repayment_status_6".to_owned(), prost_types::Value { kind: Some(text) });
        let request = EvaluateRiskRequest {
            request_id: format!("r-{at}"),
            subject: format!("client-{at}"),
            model: "models/hostile".to_owned(),
            features: Some(features),
            ..EvaluateRiskRequest::default()
        };
        client.evaluate_risk(request).await.unwrap();
    }
    let html = folder.path().join("r.html");
    bank.prints(&["report", "hostile", "--html", html.to_str().unwrap()]);
    let page = std::fs::read_to_string(html).unwrap();
    assert_whole(&page);
    assert!(page.contains("&lt;script&gt;alert(&quot;&#39;&amp;"), "the text is not there");
});
