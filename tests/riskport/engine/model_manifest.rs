//! Every rule of a manifest, and what of it must fit the model file.

use riskport::{
    domain::{
        credit::Language,
        features::Features,
        model::{
            Band, Calibration, FeatureKind, Manifest, Metric, MissingPolicy, ModelKind, ReasonText, Scale, Scaling,
            Target,
        },
    },
    engine::{Model, manifest_digest},
};

use super::{
    model::{binary, credit_model, manifest_of, scaling, told},
    parity::file,
};

/// One or more changes that make a good manifest bad, and what is then told.
type Case = (&'static str, fn(&mut Manifest), &'static [(&'static str, &'static str)]);

fn scaled(manifest: &mut Manifest) -> &mut Scaling {
    manifest.scaling.as_mut().unwrap()
}

fn target(manifest: &mut Manifest) -> &mut Target {
    manifest.target.as_mut().unwrap()
}

fn reason(code: &str) -> ReasonText {
    ReasonText { code: code.to_owned(), en: "The age is low".to_owned(), zh: "年龄较小".to_owned() }
}

fn log_odds(base_score: f64, base_odds: f64, pdo: f64) -> Scaling {
    scaling(Scale::LogOdds { base_score, base_odds, pdo })
}

// Of the binary fixture's features, backwards: 0 marriage, 1 education, 2 sex, 20 age, 21 credit_limit.
const CASES: &[Case] = &[
    ("title", |it| it.title.clear(), &[("manifest.title", "must have 1 to 200 characters")]),
    ("title's characters", |it| it.title.push('\n'), &[("manifest.title", "must not hold control characters")]),
    (
        "name",
        |it| (it.features[20].name, it.features[20].input) = ("a-ge".to_owned(), Some("age".to_owned())),
        &[("manifest.features[20].name", "must be 1 to 64 of letters, digits and _")],
    ),
    (
        "name twice",
        |it| (it.features[20].name, it.features[20].input) = ("sex".to_owned(), Some("age".to_owned())),
        &[
            ("manifest.features[20].name", "another feature has that name"),
            ("manifest.features[20].reason.code", "another feature has that reason code"),
        ],
    ),
    (
        "no such input",
        |it| "years".clone_into(&mut it.features[20].name),
        &[
            ("manifest.features[20].name", "is not an input of the model file"),
            ("manifest.features", "must have these inputs of the file too: age"),
        ],
    ),
    (
        "input twice",
        |it| it.features[20].input = Some("credit_limit".to_owned()),
        &[
            ("manifest.features[21].name", "another feature has that input"),
            ("manifest.features", "must have these inputs of the file too: age"),
        ],
    ),
    (
        "long input",
        |it| it.features[20].input = Some("x".repeat(257)),
        &[
            ("manifest.features[20].input", "must have 1 to 256 characters"),
            ("manifest.features", "must have these inputs of the file too: age"),
        ],
    ),
    (
        "few features",
        |it| it.features.truncate(3),
        &[(
            "manifest.features",
            "must have these inputs of the file too: credit_limit, age, repayment_status_1, \
           repayment_status_2, repayment_status_3 and 14 more",
        )],
    ),
    ("no features", |it| it.features.clear(), &[("manifest.features", "must have 1 to 256 entries")]),
    (
        "many features",
        |it| it.features = vec![it.features[20].clone(); 257],
        &[("manifest.features", "must have 1 to 256 entries")],
    ),
    (
        "type of a category",
        |it| it.features[2].kind = FeatureKind::Number,
        &[("manifest.features[2].type", "must be a category, as in the file")],
    ),
    (
        "category without texts",
        |it| it.features[20].kind = FeatureKind::Category,
        &[("manifest.features[20].values", "are required, for the file does not list them")],
    ),
    (
        "other texts",
        |it| it.features[2].values = vec!["female".to_owned(), "man".to_owned()],
        &[("manifest.features[2].values", "must be empty, or hold the texts that the file lists")],
    ),
    (
        "fewer texts",
        |it| it.features[2].values = vec!["female".to_owned()],
        &[("manifest.features[2].values", "must be empty, or hold the texts that the file lists")],
    ),
    (
        "text twice",
        |it| {
            it.features[20].kind = FeatureKind::Category;
            it.features[20].values = vec!["a".to_owned(), "a".to_owned(), String::new()];
        },
        &[
            ("manifest.features[20].values[1]", "stands twice"),
            ("manifest.features[20].values[2]", "must have 1 to 64 characters"),
        ],
    ),
    (
        "many texts",
        |it| {
            it.features[20].kind = FeatureKind::Category;
            it.features[20].values = (0..1_001).map(|at| at.to_string()).collect();
        },
        &[("manifest.features[20].values", "must have at most 1000 entries")],
    ),
    (
        "texts of a number",
        |it| it.features[20].values = vec!["a".to_owned()],
        &[("manifest.features[20].values", "is for categories only")],
    ),
    (
        "range",
        |it| (it.features[20].min, it.features[20].max) = (Some(2.0), Some(1.0)),
        &[("manifest.features[20].max", "must not be below min")],
    ),
    (
        "bounds",
        |it| (it.features[20].min, it.features[20].max) = (Some(f64::NAN), Some(f64::INFINITY)),
        &[
            ("manifest.features[20].min", "must be a finite number"),
            ("manifest.features[20].max", "must be a finite number"),
        ],
    ),
    (
        "range of a category",
        |it| it.features[2].min = Some(0.0),
        &[("manifest.features[2].min", "is for numbers only")],
    ),
    (
        "description",
        |it| it.features[20].description = "x".repeat(301),
        &[("manifest.features[20].description", "must have 0 to 300 characters")],
    ),
    (
        "code in small letters",
        |it| it.features[20].reason = Some(reason("Age")),
        &[(
            "manifest.features[20].reason.code",
            "must be 1 to 64 of capitals, digits and _, and must not end in _MISSING",
        )],
    ),
    (
        "code of the missing",
        |it| it.features[20].reason = Some(reason("AGE_MISSING")),
        &[(
            "manifest.features[20].reason.code",
            "must be 1 to 64 of capitals, digits and _, and must not end in _MISSING",
        )],
    ),
    (
        "code twice",
        |it| it.features[20].reason = Some(reason("CREDIT_LIMIT")),
        &[("manifest.features[21].reason.code", "another feature has that reason code")],
    ),
    (
        "name of the missing",
        |it| {
            (it.features[20].name, it.features[20].input) = ("sex_missing".to_owned(), Some("age".to_owned()));
        },
        &[("manifest.features[20].reason", "is required: a code made of the name would end in _MISSING")],
    ),
    (
        "sentences",
        |it| {
            it.features[20].reason =
                Some(ReasonText { code: "AGE".to_owned(), en: String::new(), zh: "年".repeat(301) });
        },
        &[
            ("manifest.features[20].reason.en", "must have 1 to 300 characters"),
            ("manifest.features[20].reason.zh", "must have 1 to 300 characters"),
        ],
    ),
    ("no target", |it| it.target = None, &[("manifest.target", "is required for a credit model")]),
    (
        "target",
        |it| (target(it).definition, target(it).horizon_months) = (String::new(), 1_201),
        &[
            ("manifest.target.definition", "must have 1 to 1000 characters"),
            ("manifest.target.horizon_months", "must be 1 to 1200"),
        ],
    ),
    (
        "Platt",
        |it| it.calibration = Calibration::Platt { intercept: 1.1e9, slope: 0.0 },
        &[
            ("manifest.calibration.platt.intercept", "must be -1e9 to 1e9"),
            ("manifest.calibration.platt.slope", "must be above 0 and at most 1e9"),
        ],
    ),
    (
        "Platt of NaN",
        |it| it.calibration = Calibration::Platt { intercept: f64::NAN, slope: f64::NAN },
        &[
            ("manifest.calibration.platt.intercept", "must be -1e9 to 1e9"),
            ("manifest.calibration.platt.slope", "must be above 0 and at most 1e9"),
        ],
    ),
    (
        "one point",
        |it| it.calibration = Calibration::Isotonic { points: vec![(0.0, 0.0)] },
        &[("manifest.calibration.isotonic.points", "must have 2 to 1000 entries")],
    ),
    (
        "points",
        |it| {
            it.calibration = Calibration::Isotonic {
                points: vec![(0.1, 0.2), (0.1, 0.3), (0.2, 0.29), (f64::NAN, 1.1), (0.4, f64::NAN)],
            }
        },
        &[
            ("manifest.calibration.isotonic.points[1].prediction", "must be above that of the point before"),
            ("manifest.calibration.isotonic.points[2].probability", "must not be below that of the point before"),
            ("manifest.calibration.isotonic.points[3].prediction", "must be -1e9 to 1e9"),
            ("manifest.calibration.isotonic.points[3].probability", "must be 0 to 1"),
            ("manifest.calibration.isotonic.points[4].probability", "must be 0 to 1"),
        ],
    ),
    ("no scaling", |it| it.scaling = None, &[("manifest.scaling", "is required for a credit model")]),
    (
        "log odds",
        |it| it.scaling = Some(log_odds(f64::NAN, 0.0, -1.0)),
        &[
            ("manifest.scaling.log_odds.base_score", "must be -1e9 to 1e9"),
            ("manifest.scaling.log_odds.base_odds", "must be 1e-9 to 1e9"),
            ("manifest.scaling.log_odds.pdo", "must be 1e-9 to 1e9"),
        ],
    ),
    (
        "linear",
        |it| it.scaling = Some(scaling(Scale::Linear { at_zero: 700.0, at_one: 700.0 })),
        &[
            ("manifest.scaling.linear.at_one", "must be below at_zero for a credit model"),
            ("manifest.scaling.linear", "must be log_odds, for the file's raw output is log odds"),
        ],
    ),
    (
        "linear of another kind",
        |it| {
            it.kind = ModelKind::Fraud;
            it.scaling = Some(scaling(Scale::Linear { at_zero: 700.0, at_one: f64::INFINITY }));
        },
        &[
            ("manifest.scaling.linear.at_one", "must be -1e9 to 1e9"),
            ("manifest.scaling.linear", "must be log_odds, for the file's raw output is log odds"),
        ],
    ),
    (
        "range of scores",
        |it| (scaled(it).min_score, scaled(it).max_score) = (350, 350),
        &[("manifest.scaling.max_score", "must be above min_score")],
    ),
    (
        "far scores",
        |it| scaled(it).max_score = 1_000_001,
        &[("manifest.scaling.max_score", "must be -1000000 to 1000000")],
    ),
    ("no bands", |it| scaled(it).bands.clear(), &[("manifest.scaling.bands", "must have 1 to 64 entries")]),
    (
        "bands",
        |it| {
            scaled(it).bands = [("A", 500), ("b c", 500), ("C", 351)]
                .map(|(band, min_score)| Band { band: band.to_owned(), min_score })
                .to_vec();
        },
        &[
            ("manifest.scaling.bands[1].band", "must be 1 to 16 of letters, digits and +-"),
            ("manifest.scaling.bands[1].min_score", "must be below that of the band before"),
            ("manifest.scaling.bands[2].min_score", "must be the lowest score, for it is the last band"),
        ],
    ),
    (
        "card",
        |it| (it.card.owner, it.card.licence) = ("x".repeat(2_001), "\0".to_owned()),
        &[
            ("manifest.card.owner", "must have 0 to 2000 characters"),
            ("manifest.card.licence", "must not hold control characters"),
        ],
    ),
    (
        "figures",
        |it| it.card.metrics = vec![Metric { name: String::new(), value: f64::NAN }],
        &[
            ("manifest.card.metrics[0].name", "must have 1 to 100 characters"),
            ("manifest.card.metrics[0].value", "must be a finite number"),
        ],
    ),
    (
        "many figures",
        |it| it.card.metrics = vec![Metric { name: "AUC".to_owned(), value: 0.7 }; 33],
        &[("manifest.card.metrics", "must have at most 32 entries")],
    ),
];

#[test]
fn every_rule_of_a_manifest_names_its_field() {
    let bytes = binary();
    let good = manifest_of(&bytes, ModelKind::Credit);
    assert!(Model::load(&bytes, good.clone()).is_ok());
    for (what, change, expected) in CASES {
        let mut manifest = good.clone();
        change(&mut manifest);
        let Err(found) = Model::load(&bytes, manifest) else { panic!("{what}: was taken") };
        assert_eq!(told(&found), *expected, "{what}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_and_a_broken_file_too() {
    let mut manifest = manifest_of(&binary(), ModelKind::Credit);
    (manifest.title, manifest.target) = (String::new(), None);
    let found = Model::load(b"tree\nand no more", manifest).unwrap_err();
    let fields: Vec<&str> = told(&found).into_iter().map(|one| one.0).collect();
    assert_eq!(fields, ["manifest.title", "manifest.target", "file"]);
}

#[test]
fn scaling_and_calibration_fit_what_the_file_gives() {
    let linear = || Some(scaling(Scale::Linear { at_zero: 900.0, at_one: 400.0 }));
    let rising = || Some(scaling(Scale::Linear { at_zero: 400.0, at_one: 900.0 }));
    let odds = || Some(log_odds(600.0, 1.25, 80.0));
    let platt = Calibration::Platt { intercept: 0.0, slope: 1.0 };
    let isotonic = Calibration::Isotonic { points: vec![(0.0, 0.1), (1.0, 0.9)] };
    let not_odds = ("manifest.scaling.log_odds", "must be linear, for the file's raw output is not log odds");
    let amount = ("manifest.scaling", "must be absent, for the file predicts the exponential of its raw output");
    let uncalibrated =
        ("manifest.calibration", "is required: a credit model gives a probability, and the file does not");
    let no_probability = ("manifest.calibration", "must be absent, for the file predicts an amount");
    let (identity, exp) = ("lightgbm-complete.txt", "lightgbm-poisson.txt");
    let cases = vec![
        (identity, ModelKind::Pricing, Calibration::None, None, vec![]),
        (identity, ModelKind::Pricing, Calibration::None, rising(), vec![]),
        (identity, ModelKind::Pricing, Calibration::None, odds(), vec![not_odds]),
        (identity, ModelKind::Credit, Calibration::None, linear(), vec![uncalibrated]),
        (identity, ModelKind::Credit, platt.clone(), linear(), vec![]),
        (identity, ModelKind::Credit, platt.clone(), odds(), vec![]),
        (identity, ModelKind::Credit, isotonic.clone(), linear(), vec![]),
        (exp, ModelKind::Pricing, Calibration::None, None, vec![]),
        (exp, ModelKind::Pricing, Calibration::None, rising(), vec![amount]),
        (exp, ModelKind::Pricing, platt, None, vec![no_probability]),
        (exp, ModelKind::Credit, Calibration::None, odds(), vec![uncalibrated, amount]),
        ("lightgbm-binary.txt", ModelKind::Fraud, isotonic, None, vec![]),
    ];
    for (name, kind, calibration, scaling, expected) in cases {
        let bytes = file(name);
        let mut manifest = manifest_of(&bytes, kind);
        (manifest.calibration, manifest.scaling) = (calibration, scaling);
        let what = format!("{name}, {kind:?}, {:?}, {:?}", manifest.calibration, manifest.scaling);
        match Model::load(&bytes, manifest) {
            Ok(_) => assert!(expected.is_empty(), "{what}: was taken"),
            Err(found) => assert_eq!(told(&found), expected, "{what}"),
        }
    }
}

#[test]
fn a_manifest_without_a_target_or_points_is_enough_for_fraud() {
    let mut manifest = manifest_of(&binary(), ModelKind::Fraud);
    (manifest.target, manifest.scaling) = (None, None);
    let model = Model::load(&binary(), manifest).unwrap();
    let verdict = model.evaluate(&Features::default(), Language::English).unwrap();
    assert!(verdict.points.is_none() && verdict.probability.is_some());
}

#[test]
fn digests_and_names_say_what_was_loaded() {
    let manifest = manifest_of(&binary(), ModelKind::Credit);
    let model = Model::load(&binary(), manifest.clone()).unwrap();
    assert_eq!((model.format(), model.engine_version()), ("lightgbm-text", "predictor/1"));
    // The loaded manifest has the texts of the file, and the digest is that of the one with the texts.
    let filled = model.manifest().features.iter().find(|one| one.name == "sex").unwrap();
    assert_eq!(filled.values, ["female", "male"]);
    let digest = manifest_digest(model.manifest());
    assert_eq!((model.manifest_digest(), model.digest().len()), (digest.as_str(), 64));
    assert_ne!(manifest_digest(&manifest), digest);
    // What the store keeps reads back as the same manifest, and loads as the same model.
    let stored = serde_json::to_vec(model.manifest()).unwrap();
    let again = Model::load(&binary(), serde_json::from_slice(&stored).unwrap()).unwrap();
    assert_eq!(again.manifest_digest(), digest);
}

#[test]
fn a_challenger_takes_every_request_of_the_champion() {
    let champion = credit_model();
    let takes = |change: fn(&mut Manifest)| {
        let mut manifest = manifest_of(&binary(), ModelKind::Credit);
        manifest.features[20].min = Some(18.0);
        let mut other = manifest.clone();
        change(&mut other);
        let load = |manifest| Model::load(&binary(), manifest).unwrap();
        load(other).manifest().takes_requests_of(load(manifest).manifest())
    };
    assert!(champion.manifest().takes_requests_of(champion.manifest()));
    assert!(takes(|it| it.features.reverse()));
    assert!(takes(|it| it.features[20].min = Some(16.0)));
    assert!(takes(|it| it.title.push('2')));
    assert!(!takes(|it| it.features[20].min = Some(19.0)));
    assert!(!takes(|it| it.features[20].max = Some(120.0)));
    assert!(!takes(|it| it.features[20].missing = MissingPolicy::Refuse));
    assert!(!takes(|it| (it.features[20].name, it.features[20].input) = ("years".to_owned(), Some("age".to_owned()))));
    assert!(!takes(|it| it.kind = ModelKind::Fraud));
    assert!(!takes(|it| it.features[21].kind = FeatureKind::Flag));
}
