//! A call under an id is made once; one without is made anew.

use riskport::rpc::proto::inference::ModelInferRequest;
use tonic::Code;

use super::{answer, classifier, infer, little_endian, outputs, parameter, regression, request, rows, serve, tensor};
use crate::support::platform::{Platform, token};

on_both!(an_id_gets_its_answer_again_byte_for_byte, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    serve(&platform, &bank, "tree", classifier()).await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let once = |request: ModelInferRequest| ModelInferRequest { id: "once".to_owned(), ..request };
    let first = infer(&channel, &token, &once(request("tree", rows()))).await;
    assert!(!first.replayed());
    assert_eq!(answer(&first).id, "once");
    // The same content, however it is sent.
    let raw = vec![vec![1, 0, 1], little_endian(&[10.0, 60.0, 70.0])];
    let tensors = vec![tensor("employed", "BOOL", &[3]), tensor("income", "FP64", &[3, 1])];
    let same = ModelInferRequest { raw_input_contents: raw, ..request("tree", tensors) };
    for again in [request("tree", rows()), same] {
        let again = infer(&channel, &token, &once(again)).await;
        assert!(again.replayed());
        assert_eq!(again.message(), first.message());
    }
    let mut changed = rows();
    changed[0].contents.as_mut().unwrap().fp64_contents[2] = 71.0;
    for other in [
        request("tree", changed),
        ModelInferRequest { outputs: outputs(&["raw"]), ..request("tree", rows()) },
        ModelInferRequest { model_version: "1".to_owned(), ..request("tree", rows()) },
        request("card-behaviour", rows()),
    ] {
        let reply = infer(&channel, &token, &once(other)).await;
        assert_eq!((reply.code(), reply.reason().as_str()), (Code::FailedPrecondition, "REQUEST_ID_REUSED"));
    }
    assert_eq!(world.raw().await.integer("SELECT COUNT(*) FROM decisions").await, 1);

    // Also when another version is in charge, and on a server that never saw it.
    serve(&platform, &bank, "tree", regression()).await;
    let platform = platform.restart().await;
    let again = infer(&platform.channel().await, &token, &once(request("tree", rows()))).await;
    assert!(again.replayed() && again.message() == first.message());
    platform.stop().await;
});

on_both!(without_an_id_every_call_is_a_new_one, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    serve(&platform, &bank, "tree", classifier()).await;
    let (channel, token) = (platform.channel().await, token(&bank, None));
    let one = infer(&channel, &token, &request("tree", rows())).await;
    let other = infer(&channel, &token, &request("tree", rows())).await;
    assert!(!one.replayed() && !other.replayed());
    let (one, other) = (answer(&one), answer(&other));
    assert_ne!(one.id, other.id);
    assert_ne!(parameter(&one, "decision"), parameter(&other, "decision"));
    assert_eq!(one.raw_output_contents, other.raw_output_contents);
    assert_eq!(world.raw().await.integer("SELECT CAST(SUM(billable_units) AS BIGINT) FROM decisions").await, 6);
    platform.stop().await;
});
