//! `riskport usage`, as a person runs it.

use riskport::{cli::key_file::PrivateKey, domain::key::KeyAlgorithm, rpc::proto::tenant::Scope};

use crate::support::{
    World, applicant,
    command::{Caller, folder, run, text},
    platform::{Partner, Platform},
};

/// A caller on a platform of the test's own process, with a key of some scopes in a file.
pub async fn caller(platform: &Platform, partner: &Partner, folder: &std::path::Path, scopes: &[Scope]) -> Caller {
    let key = folder.join(format!("{}.pem", partner.id));
    let private = PrivateKey::create(&key, KeyAlgorithm::EdDsa).unwrap().into();
    platform.add_key(&Partner { id: partner.id.clone(), key: private }, scopes).await;
    Caller { server: format!("http://{}", platform.address), tenant: partner.id.clone(), key }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_is_told_in_tables_and_as_csv() {
    let (world, folder) = (World::sqlite(), folder());
    let platform = Platform::start(&world).await;
    let (bank, other) = (platform.onboard("north-bank").await, platform.onboard("south-bank").await);
    for at in 0..3 {
        platform.credit(&bank).await.score_credit(applicant::request(&format!("r-{at}"), at)).await.unwrap();
    }
    platform.credit(&other).await.score_credit(applicant::request("r-0", 0)).await.unwrap();
    let north = caller(&platform, &bank, folder.path(), &[Scope::TenantSelf]).await;
    let billing = caller(&platform, &platform.operator(), folder.path(), &[Scope::OperatorUsage]).await;

    assert_eq!(north.line(&["usage"], "credit")[..4], ["credit", "score", "3", "3"]);
    assert_eq!(north.line(&["usage"], "total")[..3], ["total", "3", "3"]);
    assert_eq!(billing.line(&["usage", "north-bank"], "total")[..3], ["total", "3", "3"]);
    assert_eq!(billing.line(&["usage"], "north-bank"), ["north-bank", "3", "3", "3"]);
    assert_eq!(billing.line(&["usage"], "south-bank"), ["south-bank", "1", "1", "1"]);
    assert_eq!(billing.line(&["usage"], "total"), ["total", "4", "4", "4"]);

    let printed = billing.prints(&["usage", "--csv", "-"]);
    let rows: Vec<Vec<&str>> = printed.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["tenant", "day", "kind", "environment", "decisions", "billable_units"]);
    let without_day = |row: &[&str]| [&row[..1], &row[2..]].concat().join(" ");
    assert_eq!(
        rows[1..].iter().map(|row| without_day(row)).collect::<Vec<_>>(),
        ["north-bank credit_score live 3 3", "south-bank credit_score live 1 1"]
    );
    let file = folder.path().join("usage.csv").display().to_string();
    assert!(north.prints(&["usage", "--csv", &file]).starts_with("1 row in "));
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().nth(1), printed.lines().nth(1));
    // A span without decisions is a table with a total of nothing; one that ends before it begins is refused.
    assert_eq!(north.line(&["usage", "--from", "2020-01-01", "--to", "2020-02-01"], "total")[..3], ["total", "0", "0"]);
    assert!(north.is_refused(&["usage", "--from", "2020-02-01", "--to", "2020-01-01"]).contains("end_time"));
    assert!(north.is_refused(&["usage", "south-bank"]).contains("PermissionDenied"));
    let help = run(&["usage", "--help"], "");
    assert!(text(&help.stdout).contains("Examples:"));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotas_are_set_and_shown() {
    let (world, folder) = (World::sqlite(), folder());
    let platform = Platform::start(&world).await;
    let scopes = [Scope::OperatorTenants];
    let operator = caller(&platform, &platform.operator(), folder.path(), &scopes).await;
    operator.prints(&["tenant", "create", "north-bank", "--rate", "7", "--streams", "3"]);
    let holds = |quota: &str| operator.line(&["tenant", "quota", "north-bank"], quota)[1..].join(" ");
    assert_eq!(holds("concurrent_streams"), "3");
    assert_eq!(
        (holds("burst_requests").as_str(), holds("decisions_per_day").as_str()),
        ("7 default", "no limit default")
    );
    let set = ["tenant", "quota", "north-bank", "--decisions-per-day", "2000", "--keys", "4", "--streams", "0"];
    assert!(operator.prints(&set).contains("2,000"));
    assert_eq!((holds("max_keys").as_str(), holds("concurrent_streams").as_str()), ("4", "256 default"));
    let shown = operator.prints(&["tenant", "show", "north-bank"]);
    assert!(shown.contains("decisions_per_day=2000 max_keys=4"), "{shown}");
    assert!(operator.is_refused(&["tenant", "quota", "north-bank", "--keys", "65"]).contains("must be 0 to 64"));
    platform.stop().await;
}
