//! `riskport model`, as a person runs it: the built program beside a real server, and on model files alone.

use std::path::{Path, PathBuf};

use riskport::{cli::key_file::PrivateKey, domain::key::KeyAlgorithm, rpc::proto::tenant::Scope};

use crate::support::{
    command::{Caller, folder, printed, refused},
    platform::{Partner, Platform},
    process::Process,
};

/// A file of the challenger that comes with the program.
fn challenger(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/challenger").join(name)
}

/// A server as a process of its own, with a partner and the operator.
async fn served(world: &crate::support::World, folder: &Path) -> (Process, Caller, Caller) {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let key_of = async |tenant: &str, scopes: &[Scope]| {
        let path = folder.join(format!("{tenant}.pem"));
        let key = PrivateKey::create(&path, KeyAlgorithm::EdDsa).unwrap().into();
        platform.add_key(&Partner { id: tenant.to_owned(), key }, scopes).await;
        path
    };
    let models = [Scope::ModelRead, Scope::ModelManage, Scope::ModelPromote];
    let key = key_of(&bank.id, &models).await;
    let operator = key_of("operator", &[&models[..], &[Scope::OperatorModels]].concat()).await;
    let master = platform.stop().await;
    let process = Process::start(&world.database, &master.path().join("master.key"));
    let caller = |tenant: &str, key: &Path| Caller {
        server: process.url.clone(),
        tenant: tenant.to_owned(),
        key: key.to_owned(),
    };
    let (bank, operator) = (caller(&bank.id, &key), caller("operator", &operator));
    (process, bank, operator)
}

on_both!(a_bank_serves_its_own_model_from_the_command_line, async |world| {
    let folder = folder();
    let (_process, bank, _) = served(world, folder.path()).await;
    let (file, manifest, rows) = (challenger("model.txt"), challenger("manifest.toml"), challenger("reference.csv"));
    let (file, manifest, rows) = (file.to_str().unwrap(), manifest.to_str().unwrap(), rows.to_str().unwrap());

    // Without anything beside it: a draft, which cannot be promoted.
    let pushed = bank.prints(&["model", "push", file, "--model", "our-risk"]);
    assert!(pushed.contains("kind generic, with 13 features"), "{pushed}");
    assert!(pushed.contains("our-risk/1 is draft"), "{pushed}");
    assert!(bank.is_refused(&["model", "promote", "our-risk/1"]).contains("reference rows"));

    // With reference rows: validated, and in charge when somebody says so.
    for version in ["own-card/1", "own-card/2"] {
        let edited = folder.path().join("manifest.toml");
        let text = std::fs::read_to_string(manifest).unwrap().replacen("LightGBM", version, 1);
        std::fs::write(&edited, text).unwrap();
        let edited = edited.to_str().unwrap();
        let pushed =
            bank.prints(&["model", "push", file, "--model", "own-card", "--manifest", edited, "--reference", rows]);
        assert!(pushed.contains(&format!("{version} is validated")), "{pushed}");
        assert!(pushed.contains("200 reproduced"), "{pushed}");
    }
    assert_eq!(bank.line(&["model", "promote", "own-card/1"], "own-card")[3], "1");
    let shadowed = bank.line(&["model", "traffic", "own-card", "--shadow", "2"], "own-card");
    assert_eq!(shadowed, ["own-card", "credit", "own", "1", "-", "2", "2"]);
    let challenged = bank.line(&["model", "traffic", "own-card", "--challenger", "2", "--percent", "10"], "own-card");
    assert_eq!(challenged[4..], ["2", "(10", "%)", "-", "2"]);
    assert_eq!(bank.line(&["model", "show", "own-card"], "2")[1], "challenger");
    assert_eq!(bank.line(&["model", "promote", "own-card/2"], "own-card")[3..], ["2", "-", "-", "2"]);
    assert_eq!(bank.line(&["model", "rollback", "own-card"], "own-card")[3], "1");
    assert_eq!(bank.line(&["model", "list"], "own-card")[3], "1");
    assert_eq!(bank.line(&["model", "list"], "card-behaviour")[2], "platform");
    assert!(bank.prints(&["model", "retire", "our-risk/1"]).contains("our-risk/1 is retired"));

    let shown = bank.prints(&["model", "show", "own-card/1"]);
    for part in ["AUC, held out 0.77", "350 to 950", "repayment_status_6", "The client does not make the card payment"]
    {
        assert!(shown.contains(part), "no {part:?} in:\n{shown}");
    }
});

on_both!(the_challenger_that_comes_along_can_take_the_place_of_the_built_in_scorecard, async |world| {
    let folder = folder();
    let (_process, bank, operator) = served(world, folder.path()).await;
    let (file, manifest, rows) = (challenger("model.txt"), challenger("manifest.toml"), challenger("reference.csv"));
    let (file, manifest, rows) = (file.to_str().unwrap(), manifest.to_str().unwrap(), rows.to_str().unwrap());
    operator.prints(&["model", "push", file, "--model", "card-behaviour", "--manifest", manifest, "--reference", rows]);
    // It takes whatever the scorecard takes, or it would be refused here.
    let traffic = ["model", "traffic", "card-behaviour", "--challenger", "2", "--percent", "10"];
    assert_eq!(operator.line(&traffic, "card-behaviour")[3..], ["1", "2", "(10", "%)", "-", "2"]);
    assert_eq!(operator.line(&["model", "promote", "card-behaviour/2"], "card-behaviour")[3], "2");
    assert_eq!(bank.line(&["model", "list"], "card-behaviour")[2..4], ["platform", "2"]);
    assert!(bank.is_refused(&["model", "promote", "card-behaviour/1"]).contains("NotFound"));
});

on_both!(the_operator_gives_a_model_of_the_platform_to_one_tenant, async |world| {
    let folder = folder();
    let (_process, bank, operator) = served(world, folder.path()).await;
    let file = challenger("model.txt");
    operator.prints(&["model", "push", file.to_str().unwrap(), "--model", "platform-risk"]);
    let refused = bank.is_refused(&["model", "show", "platform-risk"]);
    assert!(refused.contains("NotFound"), "{refused}");
    let granted = operator.prints(&["model", "grant", "platform-risk", "--tenant", "north-bank"]);
    assert_eq!(granted.trim(), "north-bank may use platform-risk");
    assert_eq!(bank.line(&["model", "list"], "platform-risk")[2], "platform");
    operator.prints(&["model", "revoke", "platform-risk", "--tenant", "north-bank"]);
    let refused = bank.is_refused(&["model", "show", "platform-risk"]);
    assert!(refused.contains("NotFound"), "{refused}");
    let refused = bank.is_refused(&["model", "grant", "platform-risk", "--tenant", "north-bank"]);
    assert!(refused.contains("PermissionDenied"), "{refused}");
});

#[test]
fn check_says_what_a_file_is_without_a_server() {
    let (file, manifest, rows) = (challenger("model.txt"), challenger("manifest.toml"), challenger("reference.csv"));
    let (file, manifest, rows) = (file.to_str().unwrap(), manifest.to_str().unwrap(), rows.to_str().unwrap());
    let checked = printed(&["model", "check", file, "--manifest", manifest, "--reference", rows]);
    for part in [
        "lightgbm-text",
        "160, 2256 leaves, at most 9 deep",
        "log odds",
        "what each input adds, exactly",
        "10000 rows",
        "payment_amount_6",
        "it fits. Kind credit, 13 features, 350 to 950 points",
        "200 rows reproduced",
    ] {
        assert!(checked.contains(part), "no {part:?} in:\n{checked}");
    }

    // A draft fits the file it was made from, and is not written over.
    let folder = folder();
    let draft = folder.path().join("draft.toml");
    let draft = draft.to_str().unwrap();
    printed(&["model", "check", file, "--write-manifest", draft]);
    assert!(printed(&["model", "check", file, "--manifest", draft]).contains("Kind generic, 13 features, no points"));
    assert!(refused(&["model", "check", file, "--write-manifest", draft]).contains("cannot write the manifest"));
}

#[test]
fn what_is_wrong_is_said_before_a_server_is_asked() {
    let folder = folder();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (model, manifest) = (challenger("model.txt"), challenger("manifest.toml"));
    let (model, manifest_path) = (model.to_str().unwrap(), manifest.to_str().unwrap());
    let manifest = std::fs::read_to_string(&manifest).unwrap();
    let torn = write("torn.txt", &std::fs::read_to_string(model).unwrap()[..20_000]);
    let letter = write("letter.txt", "Dear Sir or Madam");
    let renamed = write("renamed.toml", &manifest.replace("name = \"credit_limit\"", "name = \"limit\""));
    let untrue = write("untrue.toml", "title = 'x'\nkind = 'magic'\n");
    let rows = std::fs::read_to_string(challenger("reference.csv")).unwrap();
    let cut = rows.rfind(',').unwrap();
    let off = write("off.csv", &format!("{},0.5\n", &rows[..cut]));
    let push = |file: &str, more: &[&str]| {
        // Nobody listens there: what is refused is refused here.
        let mut arguments = vec!["model", "push", file, "--model", "x", "--server", "http://127.0.0.1:9"];
        arguments.extend(more);
        refused(&arguments)
    };
    assert!(push(&letter, &[]).contains("not a model file: LightGBM text, XGBoost JSON or UBJ, ONNX and"));
    assert!(push(&torn, &[]).contains("torn.txt: "));
    assert!(push(&letter, &["--manifest", manifest_path]).contains("file not a model file"));
    let wrong = push(model, &["--manifest", &renamed]);
    assert!(wrong.contains("manifest.features[0].name is not an input of the model file"), "{wrong}");
    assert!(push(model, &["--manifest", &untrue]).contains("untrue.toml is no manifest"));
    assert!(
        push(model, &["--manifest", manifest_path, "--reference", &letter]).contains("column \"Dear Sir or Madam\"")
    );
    assert!(push(&folder.path().join("none.txt").display().to_string(), &[]).contains("cannot read"));
    let differs = refused(&["model", "check", model, "--manifest", manifest_path, "--reference", &off]);
    assert!(differs.contains("reference_rows[199].expected the model gives a prediction that differs"), "{differs}");
    assert!(push(model, &[]).contains("--key"), "what is right goes on to the server");
    assert!(refused(&["model", "promote", "x"]).contains("NAME/VERSION"));
}
