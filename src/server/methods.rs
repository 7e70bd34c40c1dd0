//! The methods that are served, as the contract's descriptors name them.

use prost::Message;
use prost_types::FileDescriptorSet;

use crate::{metrics::Method, rpc::proto::FILE_DESCRIPTOR_SET};

/// How a call's method takes and gives messages; the outermost layer puts it on each request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Whether the client may send many.
    pub reads_stream: bool,
    /// Whether many are answered.
    pub answers_stream: bool,
}

impl Shape {
    /// Whether the method answers once its client has sent all that it has: how long that takes is the client's doing, and says
    /// nothing of the load.
    pub(super) const fn gathers(self) -> bool {
        self.reads_stream && !self.answers_stream
    }
}

/// Our methods, and the standard ones.
pub(super) fn methods() -> Vec<Method> {
    let sets = [
        FILE_DESCRIPTOR_SET,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    // They were encoded when the program was built; a test sees that all of them are found.
    let files = sets.into_iter().filter_map(|set| FileDescriptorSet::decode(set).ok()).flat_map(|set| set.file);
    let mut found = Vec::new();
    for file in files {
        for service in &file.service {
            let methods = service.method.iter().map(|method| Method {
                name: format!("{}.{}/{}", file.package(), service.name(), method.name()),
                reads_stream: method.client_streaming(),
                answers_stream: method.server_streaming(),
            });
            found.extend(methods);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_found_with_how_it_streams() {
        let methods = methods();
        let of =
            |name: &str| methods.iter().find(|method| method.name == name).map(|m| (m.reads_stream, m.answers_stream));
        assert_eq!(of("riskport.credit.v1.CreditScoreService/ScoreCredit"), Some((false, false)));
        assert_eq!(of("riskport.credit.v1.CreditScoreService/StreamScoreCredit"), Some((true, true)));
        assert_eq!(of("riskport.risk.v1.RiskModelService/UploadModel"), Some((true, false)));
        assert_eq!(of("inference.GRPCInferenceService/ModelInfer"), Some((false, false)));
        assert_eq!(of("grpc.health.v1.Health/Watch"), Some((false, true)));
        assert_eq!(of("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"), Some((true, true)));
    }
}
