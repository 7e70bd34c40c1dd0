//! Which calls count as load.

use riskport::rpc::Methods;

use crate::support::descriptors::{methods, path};

#[test]
fn methods_are_known_by_how_they_take_their_messages() {
    let known = Methods::of_contract().unwrap();
    for method in methods() {
        let (path, streams) = (path(&method), method.is_client_streaming());
        assert_eq!(known.takes_one(&path), !streams, "{path}");
        assert_eq!(known.gathers(&path), streams && !method.is_server_streaming(), "{path}");
    }
    assert!(known.gathers("/riskport.risk.v1.RiskModelService/UploadModel"));
    assert!(known.takes_one("/inference.GRPCInferenceService/ModelInfer"));
}
