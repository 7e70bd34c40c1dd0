//! How long what was taken away still holds, for everything that can be taken away: at most a second in the process that
//! took it away, and five in another on the same database. These bounds are promises, so that they may fail the test; each
//! delay is of a caller that asks fifty times a second.

use std::{cell::Cell, sync::Arc, time::Duration};

use riskport::{
    cli::client::{SignedChannel, Signer},
    rpc::proto::{
        decision::{ListDecisionsRequest, decision_service_client::DecisionServiceClient},
        fraud::{
            FraudDecision, fraud_check_service_client::FraudCheckServiceClient,
            fraud_policy_service_client::FraudPolicyServiceClient,
        },
        pricing::{RetireRatePlanRequest, pricing_service_client::PricingServiceClient},
        risk::{GrantModelRequest, ModelKind, RevokeModelRequest, risk_model_service_client::RiskModelServiceClient},
        tenant::{RevokeKeyRequest, SuspendTenantRequest, tenant_service_client::TenantServiceClient},
    },
};
use tokio::time::{Instant, interval};
use tonic::{Code, Status, service::interceptor::InterceptedService, transport::Channel};

use crate::{
    fraud::ruled,
    models::{Upload, evaluate, promote, question, roll_back},
    pricing::asked,
    support::{
        platform::{PARTNER_SCOPES, Partner, Platform, is_postgres, new_key},
        process::Process,
    },
};

const HERE: Duration = Duration::from_secs(1);
const ELSEWHERE: Duration = Duration::from_secs(5);
/// Fifty calls a second.
const BETWEEN: Duration = Duration::from_millis(20);
/// How many answers of the new kind in a row show that no old one comes any more.
const SETTLED: u32 = 25;

/// Who asks, where it is asked, and where things are taken away.
struct Scene<'a> {
    bank: Partner,
    /// Another key of the same tenant, so that taking one away leaves the tenant.
    spare: Partner,
    operator: Partner,
    asked: &'a Process,
    changed: &'a Process,
    bound: Duration,
}

async fn signed(process: &Process, partner: &Partner) -> SignedChannel {
    let channel = Channel::from_shared(process.url.clone()).unwrap().connect().await.unwrap();
    InterceptedService::new(channel, Signer::new(Arc::clone(&partner.key), &partner.id, "riskport"))
}

impl Scene<'_> {
    /// Asks again and again, changes something meanwhile, and tells how long after the change was acknowledged the last call
    /// began that was answered as before it. `old` tells which way a call was answered, and accepts no third way.
    async fn measure(&self, what: &str, mut old: impl AsyncFnMut(u32) -> bool, change: impl Future<Output = ()>) {
        let changed = Cell::new(None);
        let changing = async {
            tokio::time::sleep(10 * BETWEEN).await;
            change.await;
            changed.set(Some(Instant::now()));
        };
        let asking = async {
            let (mut ticks, mut at, mut last_old, mut settled) = (interval(BETWEEN), 0, Duration::ZERO, 0);
            let mut held_before = false;
            while settled < SETTLED {
                ticks.tick().await;
                let since = changed.get().map(|changed: Instant| changed.elapsed());
                let is_old = old(at).await;
                at += 1;
                match since {
                    None => held_before |= is_old,
                    Some(since) if is_old => (last_old, settled) = (since, 0),
                    Some(_) => settled += 1,
                }
                assert!(last_old < 3 * self.bound, "{what}: it still holds after {last_old:?}");
            }
            assert!(held_before, "{what}: it never held");
            last_old
        };
        let ((), delay) = tokio::join!(changing, asking);
        println!("{what:<22} {:>8.1} ms, promised {} ms", delay.as_secs_f64() * 1e3, self.bound.as_millis());
        assert!(delay <= self.bound, "{what}: it held for {delay:?} more");
    }

    async fn key(&self) {
        let mut decisions = DecisionServiceClient::new(signed(self.asked, &self.spare).await);
        let mut tenants = TenantServiceClient::new(signed(self.changed, &self.operator).await);
        let name = format!("tenants/{}/keys/{}", self.bank.id, self.spare.key.public.kid);
        let listed =
            async |_| is_old(decisions.list_decisions(ListDecisionsRequest::default()).await, Code::Unauthenticated);
        self.measure("key revoked", listed, async {
            drop(tenants.revoke_key(RevokeKeyRequest { name }).await.unwrap());
        })
        .await;
    }

    async fn model(&self) {
        let mut asked = RiskModelServiceClient::new(signed(self.asked, &self.bank).await);
        let mut changing = RiskModelServiceClient::new(signed(self.changed, &self.bank).await);
        for (what, old, back) in [("model promoted", 1, false), ("model rolled back", 2, true)] {
            let by_version = async |at| {
                let request = question(&format!("{}-{}-{at}", self.bank.id, what.len()), "own", "anna", None);
                let version = evaluate(&mut asked, request).await.unwrap().model_version;
                assert!(["models/own/versions/1", "models/own/versions/2"].contains(&&*version));
                version == format!("models/own/versions/{old}")
            };
            let change = async {
                let done =
                    if back { roll_back(&mut changing, "own").await } else { promote(&mut changing, "own", 2).await };
                done.unwrap();
            };
            self.measure(what, by_version, change).await;
        }
    }

    async fn entitlement(&self) {
        let mut asked = RiskModelServiceClient::new(signed(self.asked, &self.bank).await);
        let mut changing = RiskModelServiceClient::new(signed(self.changed, &self.operator).await);
        let granted = async |at| {
            let request = question(&format!("{}-granted-{at}", self.bank.id), "shared", "anna", None);
            is_old(evaluate(&mut asked, request).await, Code::NotFound)
        };
        let request =
            RevokeModelRequest { model: "models/shared".to_owned(), tenant: format!("tenants/{}", self.bank.id) };
        let change = async { drop(changing.revoke_model(request).await.unwrap()) };
        self.measure("model grant revoked", granted, change).await;
    }

    async fn policy(&self) {
        let mut checks = FraudCheckServiceClient::new(signed(self.asked, &self.bank).await);
        let mut policies = FraudPolicyServiceClient::new(signed(self.changed, &self.bank).await);
        let versions = [ruled::version_name("shop", 1), ruled::version_name("shop", 2)];
        for (what, old, retired) in [("policy activated", 0, false), ("policy retired", 1, true)] {
            let by_version = async |at| {
                let request = ruled::plain(&format!("{}-{}-{at}", self.bank.id, what.len()));
                checks.check_fraud(request).await.unwrap().into_inner().policy_version == versions[old]
            };
            let change = async {
                let done = if retired {
                    ruled::retire(&mut policies, "shop").await
                } else {
                    ruled::activate(&mut policies, &versions[1]).await
                };
                done.unwrap();
            };
            self.measure(what, by_version, change).await;
        }
    }

    async fn rate_plan(&self) {
        let mut asked = PricingServiceClient::new(signed(self.asked, &self.bank).await);
        let mut changing = PricingServiceClient::new(signed(self.changed, &self.bank).await);
        let second = asked::version_name("loans", 2);
        for (what, old, retired) in [("rate plan activated", 1, false), ("rate plan retired", 2, true)] {
            let by_version = async |at| {
                let request = asked::loan_to(&format!("{}-{}-{at}", self.bank.id, what.len()), "loans", 1);
                match asked.quote_price(request).await {
                    Ok(answer) => asked::quote(answer).plan_version == asked::version_name("loans", old),
                    Err(status) => {
                        assert!(retired && status.code() == Code::NotFound, "{status:?}");
                        false
                    }
                }
            };
            let change = async {
                if retired {
                    let request = RetireRatePlanRequest { plan: "ratePlans/loans".to_owned() };
                    changing.retire_rate_plan(request).await.unwrap();
                } else {
                    asked::activate(&mut changing, &second).await.unwrap();
                }
            };
            self.measure(what, by_version, change).await;
        }
    }

    async fn tenant(&self) {
        let mut decisions = DecisionServiceClient::new(signed(self.asked, &self.bank).await);
        let mut tenants = TenantServiceClient::new(signed(self.changed, &self.operator).await);
        let name = format!("tenants/{}", self.bank.id);
        let listed =
            async |_| is_old(decisions.list_decisions(ListDecisionsRequest::default()).await, Code::PermissionDenied);
        let change = async { drop(tenants.suspend_tenant(SuspendTenantRequest { name }).await.unwrap()) };
        self.measure("tenant suspended", listed, change).await;
    }
}

/// Whether a call was answered as before, or refused in the one way that is right.
fn is_old<T>(answer: Result<T, Status>, refused: Code) -> bool {
    match answer {
        Ok(_) => true,
        Err(status) => {
            assert_eq!(status.code(), refused, "{status:?}");
            false
        }
    }
}

/// Onboards a tenant with two keys, a model, a policy and a plan of two versions each, and a granted model.
async fn furnish(platform: &Platform, id: &str) -> (Partner, Partner) {
    let bank = platform.onboard(id).await;
    let spare = Partner { key: new_key(), ..bank.clone() };
    platform.add_key(&spare, &PARTNER_SCOPES).await;
    let mut models = platform.models(&bank).await;
    for low in [1.0, 2.0] {
        Upload::stump("own", ModelKind::Generic, low, -1.0).send(&mut models).await.unwrap();
    }
    promote(&mut models, "own", 1).await.unwrap();
    let mut policies = platform.policies(&bank).await;
    for name in ["one", "two"] {
        let spec = ruled::spec(&[ruled::rule(name, "true", FraudDecision::Review)]);
        ruled::create(&mut policies, "shop", spec).await.unwrap();
    }
    ruled::activate(&mut policies, &ruled::version_name("shop", 1)).await.unwrap();
    let mut pricing = platform.pricing(&bank).await;
    for operating in [10_000, 20_000] {
        asked::create(&mut pricing, "loans", &asked::loan_spec(60, operating)).await.unwrap();
    }
    asked::activate(&mut pricing, &asked::version_name("loans", 1)).await.unwrap();
    let grant = GrantModelRequest { model: "models/shared".to_owned(), tenant: format!("tenants/{id}") };
    platform.models(&platform.operator()).await.grant_model(grant).await.unwrap();
    (bank, spare)
}

on_both!(what_is_taken_away_is_gone_within_the_promised_time, async |world| {
    let platform = Platform::start(world).await;
    let operator = platform.operator();
    let mut models = platform.models(&operator).await;
    Upload::stump("shared", ModelKind::Generic, 1.0, -1.0).send(&mut models).await.unwrap();
    promote(&mut models, "shared", 1).await.unwrap();
    let (near, far) = (furnish(&platform, "near-bank").await, furnish(&platform, "far-bank").await);
    let folder = platform.stop().await;
    // The first to start answers fraud checks.
    let master_key = folder.path().join("master.key");
    let first = Process::start(&world.database, &master_key);
    let second = is_postgres(&world.database).then(|| Process::start(&world.database, &master_key));
    let mut scenes = vec![(near, &first, HERE)];
    // SQLite is one process's.
    scenes.extend(second.as_ref().map(|second| (far, second, ELSEWHERE)));
    for ((bank, spare), changed, bound) in scenes {
        let scene = Scene { bank, spare, operator: operator.clone(), asked: &first, changed, bound };
        println!("{:?}, asked at {}, taken away at {}", world.database, scene.asked.url, scene.changed.url);
        scene.key().await;
        scene.model().await;
        scene.entitlement().await;
        scene.policy().await;
        scene.rate_plan().await;
        scene.tenant().await;
    }
});
