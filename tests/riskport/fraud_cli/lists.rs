//! Lists from the command line and from files.

use super::{ANALYST, file};
use crate::support::command::{folder, served};

on_both!(lists_are_filled_and_emptied_by_hand_and_by_file, async |world| {
    let folder = folder();
    let (_process, bank) = served(world, folder.path(), &ANALYST).await;
    let file = |name: &str, text: &str| file(folder.path(), name, text);
    assert!(bank.prints(&["list", "show"]).contains("no list yet"));
    bank.prints(&["list", "create", "cards", "--entity", "card", "--display-name", "Reported"]);
    let cards = file("cards.csv", "value,expiry\r\ntok-1,2130-01-01\r\ntok-2,\r\ntok-3,12h\r\n");
    let added = bank.prints(&["list", "add", "cards", "--file", &cards, "tok-4", "--expires", "2130-06-01"]);
    assert_eq!(added, "cards: 4 added; 4 entries now, revision 1\n");
    for (value, told) in [
        ("tok-1", "yes, it is on cards until 2130-01-01 00:00 UTC\n"),
        ("tok-2", "yes, it is on cards until 2130-06-01 00:00 UTC\n"),
        ("tok-9", "no, it is not on cards\n"),
    ] {
        assert_eq!(bank.prints(&["list", "check", "cards", value]), told);
    }
    assert_eq!(bank.line(&["list", "show"], "cards")[1..4], ["card", "4", "1"]);
    assert_eq!(bank.prints(&["list", "remove", "cards", "tok-1"]), "cards: 1 removed; 3 entries now, revision 2\n");
    // One that is not there is not missed.
    assert!(bank.prints(&["list", "remove", "cards", "tok-9"]).contains("3 entries now"));
    let from_input = bank.arguments(&["list", "add", "cards", "--file", "-"]);
    let many = (0..2_500).map(|number| format!("many-{number}")).collect::<Vec<_>>().join("\n");
    let added = crate::support::command::printed_of(&from_input, &many);
    assert_eq!(added, "cards: 2500 added; 2503 entries now, revision 6\n");

    // Every value is looked at before any is sent.
    bank.prints(&["list", "create", "nets", "--entity", "ip"]);
    let nets = file("nets.txt", "10.1.0.0/16\n300.1.1.1\n\n\nhome\n192.0.2.7\n");
    assert_eq!(
        bank.is_refused(&["list", "add", "nets", "--file", &nets]),
        "riskport: nothing was sent, for the list holds values of the kind ip:
  line 2: must be an address or a network such as 10.1.0.0/16
  line 5: must be an address or a network such as 10.1.0.0/16
"
    );
    bank.prints(&["list", "add", "nets", "10.1.0.0/16"]);
    assert_eq!(bank.prints(&["list", "check", "nets", "10.1.2.3"]), "yes, it is on nets\n");

    for (arguments, told) in [
        (&["list", "add", "others", "x"][..], "there is no list others; make it: riskport list create others --entity"),
        (&["list", "add", "cards"], "[VALUE]... [--file <FILE>]"),
        (&["list", "add", "cards", "x", "--expires", "2020-01-01"], "must be in the future"),
        (&["list", "add", "cards", "--file", "none.csv"], "cannot read none.csv"),
        (&["list", "add", "cards", "--file", &file("late.csv", "a,b\n")], "late.csv, line 1: the expiry must be a day"),
        (&["list", "create", "cards", "--entity", "card"], "AlreadyExists"),
        (&["list", "create", "x", "--entity", "network"], "possible values: account, card"),
        (&["list", "check", "others", "x"], "`riskport list show` says which lists there are"),
        (&["list", "delete", "others"], "`riskport list show` says which lists there are"),
    ] {
        let refused = bank.is_refused(arguments);
        assert!(refused.contains(told), "{arguments:?}: {refused}");
    }
});
