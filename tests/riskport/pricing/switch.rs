//! A plan is switched under load: no call fails, and every quote is by the version that it names.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use riskport::rpc::proto::pricing::{Price, Quote};
use tokio::task::JoinSet;

use super::asked::{activate, adds_up, create, loan_spec, loan_to, quote, version_name};
use crate::support::platform::Platform;

const CALLERS: usize = 4;
const VERSIONS: i64 = 3;
const SWITCHES: usize = 12;
const BETWEEN: Duration = Duration::from_millis(120);

/// Digest and price of each version for the one request that is made, by its name.
type Made = BTreeMap<String, (String, Price)>;

fn assert_made_by(made: &Made, quoted: &Quote) {
    let (digest, price) = &made[&quoted.plan_version];
    assert_eq!(&quoted.plan_digest, digest);
    assert_eq!(quoted.price.as_ref(), Some(price), "{}", quoted.plan_version);
}

on_both!(no_quote_fails_and_each_is_by_the_version_it_names, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let mut pricing = platform.pricing(&bank).await;
    let mut made = Made::new();
    for version in 1..=VERSIONS {
        let spec = loan_spec(60, 10_000 * u64::try_from(version).unwrap());
        let stored = create(&mut pricing, "loans", &spec).await.unwrap();
        activate(&mut pricing, &stored.name).await.unwrap();
        let quoted = quote(pricing.quote_price(loan_to(&format!("first-{version}"), "loans", 1)).await.unwrap());
        made.insert(stored.name, (stored.digest, quoted.price.unwrap()));
    }
    let totals: Vec<i64> = made.values().map(|(_, price)| adds_up(price)).collect();
    assert!(totals.windows(2).all(|pair| pair[0] < pair[1]), "{totals:?}");
    let done = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (mut pricing, done, made) = (platform.pricing(&bank).await, Arc::clone(&done), made.clone());
        callers.spawn(async move {
            let (mut quotes, mut switches, mut last) = (0, 0, String::new());
            while !done.load(Ordering::Relaxed) {
                let request = loan_to(&format!("c{caller}-{quotes}"), "loans", 1);
                let answer = quote(pricing.quote_price(request).await.unwrap());
                assert_made_by(&made, &answer);
                switches += usize::from(last != answer.plan_version);
                last = answer.plan_version;
                quotes += 1;
            }
            (quotes, switches)
        });
    }
    for (switch, version) in (0..SWITCHES).zip((1..=VERSIONS).cycle()) {
        tokio::time::sleep(BETWEEN).await;
        let name = version_name("loans", version);
        activate(&mut pricing, &name).await.unwrap();
        // What is asked after a switch was answered is priced by the version that it put in charge.
        let quoted = quote(pricing.quote_price(loan_to(&format!("after-{switch}"), "loans", 1)).await.unwrap());
        assert_eq!(quoted.plan_version, name);
        assert_made_by(&made, &quoted);
    }
    done.store(true, Ordering::Relaxed);
    let told = callers.join_all().await;
    assert!(told.iter().all(|(_, switches)| *switches >= 4), "a caller hardly saw a switch: {told:?}");
    let quotes = told.iter().map(|(quotes, _)| quotes).sum::<usize>();
    println!("{:?}: {quotes} quotes, 0 failed, {SWITCHES} switches", world.database);
    platform.stop().await;
});
