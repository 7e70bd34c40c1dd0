//! Rate plans: versions and their life, what is refused and why, and whose they are.

use riskport::{
    domain::pricing::{KnotSpec, RatePlanSpec, TableSpec},
    rpc::{
        plan_message,
        proto::pricing::{
            CreateRatePlanVersionRequest, GetRatePlanVersionRequest, ListRatePlanVersionsRequest, RatePlanStage,
            RetireRatePlanRequest,
        },
    },
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::asked::{
    Pricing, activate, create, loan_spec, loan_to, not_found, precondition, put_in_charge, quote, refused, version_name,
};
use crate::support::platform::Platform;

fn linear(knots: &[(&str, &str)]) -> TableSpec {
    let knot = |(risk, value): &(&str, &str)| KnotSpec((*risk).to_owned(), (*value).to_owned());
    TableSpec::Linear(knots.iter().map(knot).collect())
}

/// The one violation of a refusal.
fn violation<T: std::fmt::Debug>(result: Result<T, Status>) -> (String, String) {
    let status = result.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_error_details();
    let [one] = details.bad_request().unwrap().field_violations.as_slice() else { panic!("{details:?}") };
    (one.field.clone(), one.description.clone())
}

async fn listed(client: &mut Pricing, plan: &str, page_size: i32) -> Vec<(String, RatePlanStage)> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListRatePlanVersionsRequest { plan: plan.to_owned(), page_size, page_token };
        let page = client.list_rate_plan_versions(request).await.unwrap().into_inner();
        all.extend(page.versions.into_iter().map(|one| (one.name.clone(), one.stage())));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

on_both!(a_plan_is_drafted_put_in_charge_rolled_back_and_retired, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut pricing = platform.pricing(&bank).await;
    let first = create(&mut pricing, "loans", &loan_spec(60, 12_000)).await.unwrap();
    let second = create(&mut pricing, "loans", &loan_spec(60, 13_000)).await.unwrap();
    assert_eq!(
        (first.stage(), first.platform, first.kid.as_str()),
        (RatePlanStage::Draft, false, bank.key.public.kid.as_str())
    );
    assert_ne!(first.digest, second.digest);
    assert_eq!(first.spec, Some(plan_message(&loan_spec(60, 12_000))));
    for name in [&first.name, &second.name, &first.name] {
        assert_eq!(activate(&mut pricing, name).await.unwrap().stage(), RatePlanStage::Active);
        let quoted =
            quote(pricing.quote_price(loan_to(&format!("q-{name}").replace('/', "."), "loans", 1)).await.unwrap());
        assert_eq!(&quoted.plan_version, name);
    }
    let (active, retired) = (RatePlanStage::Active, RatePlanStage::Retired);
    let own = vec![(second.name.clone(), retired), (first.name.clone(), active)];
    assert_eq!(listed(&mut pricing, "ratePlans/loans", 1).await, own);
    let platforms = vec![(version_name("account-safety", 1), active), (version_name("consumer-loan", 1), active)];
    assert_eq!(listed(&mut pricing, "", 2).await, [platforms, own].concat());
    let retire = RetireRatePlanRequest { plan: "ratePlans/loans".to_owned() };
    let version = pricing.retire_rate_plan(retire.clone()).await.unwrap().into_inner().version.unwrap();
    assert_eq!((version.name.as_str(), version.stage()), (first.name.as_str(), retired));
    assert_eq!(refused(pricing.retire_rate_plan(retire).await), not_found());
    assert_eq!(refused(activate(&mut pricing, &version_name("loans", 3)).await), not_found());

    let mut raw = world.raw().await;
    let audit = "SELECT action || ' ' || target || ' ' || by_kid FROM audit WHERE tenant_id = 'north-bank'
        AND action LIKE '%rate_plan%' ORDER BY seq";
    let by = &bank.key.public.kid;
    let row = |action: &str, at: i64| format!("{action} {} {by}", version_name("loans", at));
    let expected = [
        row("create_rate_plan_version", 1),
        row("create_rate_plan_version", 2),
        row("activate_rate_plan_version", 1),
        row("activate_rate_plan_version", 2),
        row("activate_rate_plan_version", 1),
        row("retire_rate_plan", 1),
    ];
    assert_eq!(raw.texts(audit).await, expected);
    platform.stop().await;
});

on_both!(a_plan_whose_price_falls_is_refused_with_two_risks_and_two_prices, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut pricing = platform.pricing(&bank).await;
    let base = loan_spec(60, 12_000);
    // PD rises and LGD falls: the product turns at risk 0.75, between knots.
    let mut spec = base.clone();
    let loan = spec.loan.as_mut().unwrap();
    loan.default_probability = linear(&[("0", "0"), ("1", "1")]);
    loan.loss_given_default = linear(&[("0", "1"), ("1", "0.3333")]);
    loan.exposure = linear(&[("0", "1")]);
    loan.capital_ratio = linear(&[("0", "0")]);
    let (field, told) = violation(create(&mut pricing, "loans", &spec).await);
    assert_eq!(field, "spec.loan");
    let rule = "the rate falls when the risk rises: before rounding, floor and cap it is";
    let falls =
        told.starts_with(rule) && told.contains(" at risk 0.9 and ") && told.ends_with("at risk 0.999999999999");
    assert!(falls, "{told}");
    // Steep at both ends and falling in between, where no table has a knot: only the vertex of the slope tells.
    let mut dip = spec.clone();
    let loan = dip.loan.as_mut().unwrap();
    loan.loss_given_default = linear(&[("0", "1"), ("1", "0.1")]);
    loan.exposure = linear(&[("0", "1"), ("1", "0.1")]);
    loan.margin = linear(&[("0", "0"), ("1", "0.2")]);
    let told = violation(create(&mut pricing, "loans", &dip).await).1;
    assert!(told.contains("at risk 0.640740740741 and") && told.ends_with("at risk 0.840740740741"), "{told}");
    // One that only just turns is refused as well, and one that does not quite is taken.
    let slope = |last: &str| {
        let mut spec = spec.clone();
        spec.loan.as_mut().unwrap().loss_given_default = linear(&[("0", "1"), ("1", last)]);
        spec
    };
    assert!(violation(create(&mut pricing, "loans", &slope("0.49999999")).await).1.contains("0.999999999999"));
    create(&mut pricing, "loans", &slope("0.5")).await.unwrap();
    // A step down.
    let mut spec = base.clone();
    let TableSpec::Step(knots) = &mut spec.loan.as_mut().unwrap().margin else { panic!("no steps") };
    knots.push(KnotSpec("0.2".to_owned(), "0.005".to_owned()));
    let told = violation(create(&mut pricing, "loans", &spec).await).1;
    assert!(told.ends_with("at risk 0.2") && told.contains("at risk 0.1"), "{told}");
    // What is refused leaves nothing behind, and neither does what is only checked.
    let request = CreateRatePlanVersionRequest {
        plan: "ratePlans/checked".to_owned(),
        spec: Some(plan_message(&base)),
        validate_only: true,
    };
    let checked = pricing.create_rate_plan_version(request).await.unwrap().into_inner().version.unwrap();
    assert!(checked.name.is_empty() && checked.digest.len() == 64);
    let mut raw = world.raw().await;
    assert_eq!(raw.integer("SELECT COUNT(*) FROM rate_plans WHERE owner_id = 'north-bank'").await, 1);
    platform.stop().await;
});

#[tokio::test]
async fn a_plan_that_cannot_be_decided_is_refused_and_one_whose_factors_all_rise_is_not() {
    let world = crate::support::World::sqlite();
    let platform = Platform::start(&world).await;
    let bank = platform.onboard("north-bank").await;
    let mut pricing = platform.pricing(&bank).await;
    let mut spec: RatePlanSpec = toml::from_str(include_str!("../../../models/pricing/account-safety.toml")).unwrap();
    let insurance = spec.insurance.as_mut().unwrap();
    insurance.frequency = linear(&[("0", "0.001"), ("1", "0.01")]);
    insurance.severity = linear(&[("0", "1000"), ("1", "2000")]);
    insurance.risk_relativities = vec![linear(&[("0", "1"), ("1", "2")]), linear(&[("0", "1"), ("1", "2")])];
    create(&mut pricing, "safety", &spec).await.unwrap();
    spec.insurance.as_mut().unwrap().risk_relativities[1] = linear(&[("0", "1"), ("1", "0.999")]);
    let (field, told) = violation(create(&mut pricing, "safety", &spec).await);
    assert_eq!(field, "spec.insurance");
    assert!(told.starts_with("cannot be decided") && told.contains("degree 4"), "{told}");
    platform.stop().await;
}

on_both!(plans_are_their_tenants_and_the_platforms_names_are_taken, async |world| {
    let platform = Platform::start(world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    let (mut pricing, mut others) = (platform.pricing(&bank).await, platform.pricing(&other).await);
    let taken = create(&mut pricing, "consumer-loan", &loan_spec(60, 1)).await;
    assert_eq!(refused(taken), precondition("PLAN_NAME_TAKEN"));
    assert_eq!(refused(activate(&mut pricing, &version_name("consumer-loan", 1)).await), not_found());
    let retire = RetireRatePlanRequest { plan: "ratePlans/consumer-loan".to_owned() };
    assert_eq!(refused(pricing.retire_rate_plan(retire).await), not_found());
    let mine = put_in_charge(&mut pricing, "loans", &loan_spec(60, 12_000)).await;
    let get = GetRatePlanVersionRequest { name: mine.name.clone() };
    assert_eq!(refused(others.get_rate_plan_version(get).await), not_found());
    assert_eq!(refused(others.quote_price(loan_to("q-1", "loans", 1)).await), not_found());
    assert!(listed(&mut others, "", 50).await.iter().all(|(name, _)| *name != mine.name));
    // Another's of the same name is its own, and what one does to it the other does not see.
    let theirs = put_in_charge(&mut others, "loans", &loan_spec(60, 90_000)).await;
    assert_eq!((&theirs.name, theirs.digest == mine.digest), (&mine.name, false));
    let quoted = quote(pricing.quote_price(loan_to("q-1", "loans", 1)).await.unwrap());
    assert_eq!(quoted.plan_digest, mine.digest);

    // The operator's own versions are the platform's: another process sees them within a second.
    let beside = platform.beside().await;
    let mut there = beside.pricing(&bank).await;
    let before = quote(there.quote_price(loan_to("q-2", "consumer-loan", 1)).await.unwrap());
    assert_eq!(before.plan_version, version_name("consumer-loan", 1));
    let mut operator = platform.pricing(&platform.operator()).await;
    let second = put_in_charge(&mut operator, "consumer-loan", &loan_spec(60, 20_000)).await;
    assert_eq!((second.name.as_str(), second.platform), (version_name("consumer-loan", 2).as_str(), true));
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    let after = quote(there.quote_price(loan_to("q-3", "consumer-loan", 1)).await.unwrap());
    assert_eq!(after.plan_digest, second.digest);
    beside.stop().await;
    // The program's next start leaves the operator's in charge.
    let platform = platform.restart().await;
    let mut pricing = platform.pricing(&bank).await;
    let later = quote(pricing.quote_price(loan_to("q-4", "consumer-loan", 1)).await.unwrap());
    assert_eq!(later.plan_digest, second.digest);
    platform.stop().await;
});
