//! What is predicted, and what is recorded of it.

use prost_types::{Struct, Value, value::Kind};
use riskport::rpc::proto::{
    decision::{DecisionKind, DecisionView, GetDecisionRequest, ListDecisionsRequest, decision::Reply as Stored},
    inference::{InferTensorContents, ModelInferRequest},
    risk::{EvaluateRiskRequest, FeatureType, MissingPolicy},
};

use super::{
    answer, classifier, feature, fp64, infer, little_endian, number, output, outputs, parameter, promote, regression,
    request, rows, serve, tensor, upload_with, with,
};
use crate::{
    engine::parity::{Expected, file},
    support::platform::{Partner, Platform, token},
};

/// What `EvaluateRisk` makes of the rows of [`rows`]: raw output, prediction and probability.
async fn evaluated(platform: &Platform, bank: &Partner, model: &str) -> [Vec<f64>; 3] {
    let mut client = platform.models(bank).await;
    let mut found = [const { Vec::new() }; 3];
    for (at, (income, employed)) in [(10.0, true), (60.0, false), (70.0, true)].into_iter().enumerate() {
        let flag = Value { kind: Some(Kind::BoolValue(employed)) };
        let fields = [("income".to_owned(), number(income)), ("employed".to_owned(), flag)].into();
        let request = EvaluateRiskRequest {
            request_id: format!("{model}-{at}"),
            subject: format!("client-{at}"),
            model: format!("models/{model}"),
            features: Some(Struct { fields }),
            ..EvaluateRiskRequest::default()
        };
        let verdict = client.evaluate_risk(request).await.unwrap().into_inner();
        found[0].push(verdict.raw);
        found[1].push(verdict.prediction);
        found[2].extend(verdict.probability);
    }
    found
}

on_both!(rows_are_predicted_as_evaluate_risk_predicts_and_recorded_as_one_decision, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    serve(&platform, &bank, "tree", classifier()).await;
    let [raw, prediction, probability] = evaluated(&platform, &bank, "tree").await;
    assert_eq!(raw, [1.5, 0.5, -1.5]);
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let response = answer(&infer(&channel, &token, &request("tree", rows())).await);
    assert_eq!(output(&response, "raw"), raw);
    assert_eq!(output(&response, "prediction"), prediction);
    assert_eq!(output(&response, "probability"), probability);
    assert_eq!((response.model_name.as_str(), response.model_version.as_str()), ("tree", "1"));
    assert_eq!((response.outputs.len(), response.raw_output_contents.len()), (3, 3));

    // It is found again as what it is, also in full: its rows are no features by name.
    let mut decisions = platform.decisions(&bank).await;
    let name = parameter(&response, "decision");
    for view in [DecisionView::Basic, DecisionView::Full] {
        let wanted = GetDecisionRequest { name: name.clone(), view: view as i32 };
        let found = decisions.get_decision(wanted).await.unwrap().into_inner().decision.unwrap();
        assert_eq!(found.request_id, response.id);
        assert_eq!(found.billable_units, 3);
        assert_eq!(found.kind, DecisionKind::Inference as i32);
        assert_eq!(found.model_version, "models/tree/versions/1");
        assert_eq!(found.model_digest, parameter(&response, "model_digest"));
        assert!(found.features.is_none() && found.purpose.is_empty());
        assert_eq!(found.reply, Some(Stored::Inference(response.clone())));
    }
    let filter = ListDecisionsRequest { kind: DecisionKind::Inference as i32, ..ListDecisionsRequest::default() };
    let listed = decisions.list_decisions(filter).await.unwrap().into_inner().decisions;
    assert_eq!(listed.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), [name.as_str()]);
    let mut short = response.clone();
    short.raw_output_contents.clear();
    assert_eq!(listed[0].reply, Some(Stored::Inference(short)), "a list is without what may be large");
    let sealed = world.raw().await.integer("SELECT COUNT(*) FROM decision_inputs").await;
    assert_eq!(sealed, 4, "the rows are not sealed with their decision");
    platform.stop().await;
});

on_both!(every_way_to_send_the_same_rows_gives_the_same, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    serve(&platform, &bank, "tree", classifier()).await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let flags = vec![1, 0, 1];
    let bytes_of = |datatype: &str| -> Vec<u8> {
        let values = [10_u8, 60, 70].into_iter();
        match datatype {
            "INT8" | "UINT8" => values.collect(),
            "INT16" | "UINT16" => values.flat_map(|one| u16::from(one).to_le_bytes()).collect(),
            "INT32" | "UINT32" => values.flat_map(|one| u32::from(one).to_le_bytes()).collect(),
            "INT64" | "UINT64" => values.flat_map(|one| u64::from(one).to_le_bytes()).collect(),
            "FP32" => values.flat_map(|one| f32::from(one).to_le_bytes()).collect(),
            _ => values.flat_map(|one| f64::from(one).to_le_bytes()).collect(),
        }
    };
    let mut requests: Vec<(String, ModelInferRequest)> = Vec::new();
    for datatype in ["INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FP32", "FP64"] {
        let tensors = vec![tensor("income", datatype, &[3, 1]), tensor("employed", "BOOL", &[3])];
        let raw = vec![bytes_of(datatype), flags.clone()];
        requests.push((datatype.to_owned(), ModelInferRequest { raw_input_contents: raw, ..request("tree", tensors) }));
        let mut contents = InferTensorContents::default();
        match datatype {
            "INT8" | "INT16" | "INT32" => contents.int_contents = vec![10, 60, 70],
            "INT64" => contents.int64_contents = vec![10, 60, 70],
            "UINT8" | "UINT16" | "UINT32" => contents.uint_contents = vec![10, 60, 70],
            "UINT64" => contents.uint64_contents = vec![10, 60, 70],
            "FP32" => contents.fp32_contents = vec![10.0, 60.0, 70.0],
            _ => contents.fp64_contents = vec![10.0, 60.0, 70.0],
        }
        let mut tensors = rows();
        tensors[0] = with(tensor("income", datatype, &[3]), contents);
        // In any order.
        tensors.reverse();
        requests.push((format!("{datatype}, typed"), request("tree", tensors)));
    }
    let cells = [10.0, 1.0, 60.0, 0.0, 70.0, 1.0];
    requests
        .push(("one tensor".to_owned(), request("tree", vec![with(tensor("input", "FP64", &[3, 2]), fp64(&cells))])));
    let single = cells.iter().flat_map(|one| (*one as f32).to_le_bytes()).collect();
    let matrix = request("tree", vec![tensor("input", "FP32", &[3, 2])]);
    requests.push(("one tensor, FP32".to_owned(), ModelInferRequest { raw_input_contents: vec![single], ..matrix }));
    for (what, request) in requests {
        let response = answer(&infer(&channel, &token, &request).await);
        assert_eq!(output(&response, "raw"), [1.5, 0.5, -1.5], "{what}");
    }
    // A feature that may be missing may have no tensor, or NaN.
    let without = request("tree", vec![rows().remove(0)]);
    let nan = [10.0, f64::NAN, 60.0, f64::NAN, 70.0, f64::NAN];
    let with_nan = request("tree", vec![with(tensor("input", "FP64", &[3, 2]), fp64(&nan))]);
    for request in [without, with_nan] {
        assert_eq!(output(&answer(&infer(&channel, &token, &request).await), "raw"), [1.5, 0.5, 0.5]);
    }
    platform.stop().await;
});

/// The three categories of the fixture models, by their codes in the files.
fn categories() -> [(&'static str, Vec<&'static str>); 3] {
    let educations = vec!["graduate school", "high school", "others", "university"];
    [("sex", vec!["female", "male"]), ("education", educations), ("marriage", vec!["married", "others", "single"])]
}

#[tokio::test]
async fn three_hundred_rows_with_texts_score_as_in_the_library_that_trained_the_model() {
    let world = crate::support::World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let text = String::from_utf8(file("lightgbm-binary.txt")).unwrap();
    let names = text.lines().find_map(|line| line.strip_prefix("feature_names=")).unwrap();
    let names: Vec<&str> = names.split(' ').collect();
    let categories = categories();
    let spec = |name: &&str| {
        let texts = categories.iter().any(|(known, _)| known == name);
        // The file lists the texts itself.
        feature(name, if texts { FeatureType::Category } else { FeatureType::Number }, MissingPolicy::Accept)
    };
    let features = names.iter().map(spec).collect();
    let expected = Expected::of("lightgbm-binary");
    let numbers: Vec<Vec<f64>> = expected.rows().collect();
    // A text is never missing in a tensor of texts, and is one of the model's.
    let known = |row: &Vec<f64>| {
        row[19..].iter().zip(&categories).all(|(one, (_, texts))| (0.0..texts.len() as f64).contains(one))
    };
    let chosen: Vec<usize> = (0..numbers.len()).filter(|at| known(&numbers[*at])).collect();
    assert!(chosen.len() > 50, "{} rows", chosen.len());
    let name = upload_with(&platform, &bank, "cards", text.clone().into_bytes(), features, Vec::new()).await;
    let row = |at: usize| {
        let fields = names.iter().zip(&numbers[at]).filter(|(_, value)| !value.is_nan()).map(|(name, value)| {
            let text = categories.iter().find(|(known, _)| known == name).map(|(_, values)| values[*value as usize]);
            let kind = text.map_or(Kind::NumberValue(*value), |text| Kind::StringValue(text.to_owned()));
            ((*name).to_owned(), Value { kind: Some(kind) })
        });
        riskport::rpc::proto::risk::ReferenceRow {
            features: Some(Struct { fields: fields.collect() }),
            expected: expected.prediction[at],
        }
    };
    let validate = riskport::rpc::proto::risk::ValidateModelVersionRequest {
        name: name.clone(),
        rows: chosen.iter().take(20).map(|at| row(*at)).collect(),
        tolerance: 0.0,
    };
    platform.models(&bank).await.validate_model_version(validate).await.unwrap();
    promote(&platform, &bank, name).await;

    let count = i64::try_from(chosen.len()).unwrap();
    let mut raw = Vec::new();
    let mut tensors = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let values = chosen.iter().map(|row| numbers[*row][at]);
        if let Some((_, texts)) = categories.iter().find(|(known, _)| known == name) {
            tensors.push(tensor(name, "BYTES", &[count, 1]));
            let element = |value: f64| {
                let text = texts[value as usize].as_bytes();
                [&u32::try_from(text.len()).unwrap().to_le_bytes(), text].concat()
            };
            raw.push(values.flat_map(element).collect());
        } else {
            tensors.push(tensor(name, "FP64", &[count]));
            raw.push(little_endian(&values.collect::<Vec<_>>()));
        }
    }
    let by_name = ModelInferRequest { raw_input_contents: raw, ..request("cards", tensors) };
    let cells: Vec<f64> = chosen.iter().flat_map(|row| numbers[*row].clone()).collect();
    let matrix = request("cards", vec![with(tensor("input", "FP64", &[count, 22]), fp64(&cells))]);
    let (channel, token) = (platform.channel().await, token(&bank, None));
    for request in [by_name, matrix] {
        let response = answer(&infer(&channel, &token, &request).await);
        for (at, found) in chosen.iter().zip(output(&response, "prediction")) {
            assert!((found - expected.prediction[*at]).abs() < 1e-12, "row {at}");
        }
        assert_eq!(output(&response, "probability"), output(&response, "prediction"));
    }
    platform.stop().await;
}

on_both!(the_outputs_that_are_asked_for_come_in_that_order, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    serve(&platform, &bank, "tree", classifier()).await;
    serve(&platform, &bank, "amount", regression()).await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    for (model, asked, given) in [
        ("tree", &["raw"][..], &["raw"][..]),
        ("tree", &["probability", "prediction"], &["probability", "prediction"]),
        ("tree", &[], &["prediction", "raw", "probability"]),
        ("amount", &[], &["prediction", "raw"]),
    ] {
        let request = ModelInferRequest { outputs: outputs(asked), ..request(model, rows()) };
        let response = answer(&infer(&channel, &token, &request).await);
        let names: Vec<&str> = response.outputs.iter().map(|one| one.name.as_str()).collect();
        assert_eq!((names.as_slice(), response.raw_output_contents.len()), (given, given.len()), "{model} {asked:?}");
    }
    let request = ModelInferRequest { outputs: outputs(&["raw", "probability"]), ..request("amount", rows()) };
    assert_eq!(infer(&channel, &token, &request).await.violated(), ["outputs[1].name"]);
    platform.stop().await;
});
