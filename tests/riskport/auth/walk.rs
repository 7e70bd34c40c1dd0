//! The walk: every method of the contract, with every forged token, over real gRPC.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use riskport::{
    clock::Clock,
    rpc::proto::tenant::{AddKeyRequest, RevokeKeyRequest},
};
use tokio::{net::TcpListener, task::JoinSet};
use tonic::Code;

use crate::support::{
    World,
    by_path::{Answer, ByPath, methods},
    mint::{CASES, Case, Mint, OTHER, Owner, TENANT},
    platform::{PARTNER_SCOPES, Platform},
};

/// A platform that knows the keys of the case file.
struct Walk {
    platform: Platform,
    wire: ByPath,
    mint: Mint,
    /// How many connections were made to the URL that tokens name.
    lured: Arc<AtomicUsize>,
}

impl Walk {
    async fn start(world: &World) -> Self {
        let platform = Platform::start(world).await;
        platform.onboard(TENANT).await;
        platform.onboard(OTHER).await;
        let (url, lured) = lure().await;
        let mint = Mint::new(url);
        let mut tenants = platform.tenants().await;
        for (owner, key) in mint.keys.values() {
            let parent = match owner {
                Owner::Tenant => format!("tenants/{TENANT}"),
                Owner::Other => format!("tenants/{OTHER}"),
                Owner::Nobody => continue,
            };
            let scopes = PARTNER_SCOPES.iter().map(|scope| *scope as i32).collect();
            let request = AddKeyRequest { parent, jwk: key.jwk(), scopes, ..AddKeyRequest::default() };
            tenants.add_key(request).await.unwrap();
        }
        let name = format!("tenants/{TENANT}/keys/revoked");
        tenants.revoke_key(RevokeKeyRequest { name }).await.unwrap();
        let wire = ByPath::connect(platform.address).await;
        Self { platform, wire, mint, lured }
    }
}

impl Walk {
    /// Calls every method with the token of a case.
    async fn everywhere(&self, case: &Case) -> Vec<(String, Answer)> {
        let authorization = Arc::new(self.mint.authorization(case, Clock.now().seconds()));
        let calls: JoinSet<(String, Answer)> = methods()
            .into_iter()
            .map(|path| {
                let (wire, authorization) = (self.wire.clone(), Arc::clone(&authorization));
                async move {
                    let answer = wire.call(&path, &authorization, Vec::new()).await;
                    (path, answer)
                }
            })
            .collect();
        calls.join_all().await
    }
}

/// Listens, and counts who connects.
async fn lure() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let lured = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&lured);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (url, lured)
}

on_both!(every_method_refuses_every_forged_token_alike, async |world| {
    let walk = Box::pin(Walk::start(world)).await;
    let bare = walk.wire.call(&methods()[0], &[], Vec::new()).await;
    assert!(bare.is(Code::Unauthenticated, "UNAUTHENTICATED"), "{bare:?}");
    let mut wrong = Vec::new();
    for case in &CASES.refused {
        // Not merely the same code: what comes back is, byte for byte, what a call without a token gets.
        let answers = walk.everywhere(case).await.into_iter().filter(|(_, answer)| *answer != bare);
        wrong.extend(answers.map(|(path, answer)| format!("{path}, row {}, {}: {answer:?}", case.row, case.what)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(walk.lured.load(Ordering::SeqCst), 0, "somebody followed a URL in a token");
    walk.platform.stop().await;
});

on_both!(every_method_lets_good_tokens_in, async |world| {
    let walk = Box::pin(Walk::start(world)).await;
    for case in &CASES.accepted {
        for (path, answer) in walk.everywhere(case).await {
            // A refusal past the door names what it is about; nothing breaks on the way.
            let broken = matches!(answer.code, Code::Unauthenticated | Code::Internal | Code::Unknown);
            assert!(!broken, "{path}, {}: {answer:?}", case.what);
        }
    }
    walk.platform.stop().await;
});

#[tokio::test]
async fn what_is_open_is_open_and_nothing_else_is() {
    let world = World::sqlite();
    let walk = Box::pin(Walk::start(&world)).await;
    let forged = vec!["Bearer nonsense".to_owned()];
    for authorization in [&[][..], &forged] {
        let health = walk.wire.call("/grpc.health.v1.Health/Check", authorization, Vec::new()).await;
        assert_eq!((health.code, health.replies.len()), (Code::Ok, 1), "{health:?}");
        for version in ["v1", "v1alpha"] {
            let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
            // Field 7 of the request, `list_services`, as an empty text.
            let services = walk.wire.call(&path, authorization, vec![0x3a, 0]).await;
            assert_eq!((services.code, services.replies.len()), (Code::Ok, 1), "{services:?}");
        }
    }
    for path in [
        "/riskport.credit.v1.CreditScoreService/NoSuchMethod",
        "/riskport.nothing.v1.NoSuchService/NoSuchMethod",
        "/grpc.health.v1.Health.Not/Check",
        "/grpc.health.v1.Health/../riskport.tenant.v1.TenantService/ListTenants",
        "/",
    ] {
        let answer = walk.wire.call(path, &[], Vec::new()).await;
        assert!(matches!(answer.code, Code::Unauthenticated | Code::Unimplemented), "{path}: {answer:?}");
        assert!(answer.replies.is_empty());
    }
    walk.platform.stop().await;
}
