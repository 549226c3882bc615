//! `federation trust` and `federation show`.

use oc_guardian::federation::Directory;
use snapbox::str;

use crate::support::federation::{agreed, membership};
use crate::support::{Home, Terminal};

const SLUG: &str = "oc-me-v1";
const HASH: &str = "bc6cbf7047c751e43e0e37e121c9ca1e935fcd3e37cd522610da7b6f8e7edaa8";

fn directory() -> Directory {
    agreed(membership(SLUG, 3, &[1, 2, 3, 4]), &[1, 2, 3, 4])
}

#[test]
fn trusts_what_was_compared_and_shows_it() {
    let home = Home::with_identity();
    home.write("fed.json", directory().to_json());
    home.run(&["federation", "trust", "fed.json", "--expect-hash", HASH])
        .is(str![[r#"
$ oc-guardian federation trust fed.json --expect-hash bc6cbf7047c751e43e0e37e121c9ca1e935fcd3e37cd522610da7b6f8e7edaa8
The federation oc-me-v1 is trusted.
membership     bc6cbf7047c751e43e0e37e121c9ca1e935fcd3e37cd522610da7b6f8e7edaa8
threshold      3 of 4

Next: oc-guardian sign --serve
--- exit 0

"#]]);
    home.run(&["federation", "show"]).is(str![[r#"
$ oc-guardian federation show
federation     oc-me-v1
threshold      3 of 4
guardians       1  op-132f39a98c31baaddba6525f5d43f295  you
                2  op-0135da2f8acf7b9e3090939432e47684
                3  op-7c79f3071e28344e8153bf6c73c294eb
                4  op-36be1ea4d814af2888b895065a0b2538
hash           bc6cbf7047c751e43e0e37e121c9ca1e935fcd3e37cd522610da7b6f8e7edaa8
in words        1 round      2 grass      3 swing      4 moon
                5 insect     6 velvet     7 wealth     8 shoulder
                9 thrive    10 atom      11 income    12 diamond
               13 curious   14 track     15 web       16 whale
accepted       [TIME]
federation key none yet
--- exit 0

"#]]);
    home.run(&["federation", "show", SLUG, "--json"])
        .is(str![[r#"
$ oc-guardian federation show oc-me-v1 --json
{"ok":true,"federations":[{"federation":"oc-me-v1","membership_hash":"bc6cbf7047c751e43e0e37e121c9ca1e935fcd3e37cd522610da7b6f8e7edaa8","words":["round","grass","swing","moon","insect","velvet","wealth","shoulder","thrive","atom","income","diamond","curious","track","web","whale"],"threshold":3,"guardians":[{"operator_id":"op-132f39a98c31baaddba6525f5d43f295","operator_pubkey_hex":"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798","ours":true,"api_url":null,"p2p_url":null},{"operator_id":"op-0135da2f8acf7b9e3090939432e47684","operator_pubkey_hex":"c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5","ours":false,"api_url":null,"p2p_url":null},{"operator_id":"op-7c79f3071e28344e8153bf6c73c294eb","operator_pubkey_hex":"f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9","ours":false,"api_url":null,"p2p_url":null},{"operator_id":"op-36be1ea4d814af2888b895065a0b2538","operator_pubkey_hex":"e493dbf1c10d80f3581e4904930b1404cc6c13900ee0758474fa94abe8c4cd13","ours":false,"api_url":null,"p2p_url":null}],"sequence":0,"image_digest":null,"federation_pubkey_hex":null,"accepted_at":"[TIME]"}]}
--- exit 0

"#]]);
    assert_eq!(home.mode("home/config/federations/oc-me-v1.json"), 0o600);
}

#[test]
fn asks_at_the_terminal_and_no_is_the_default() {
    let home = Home::with_identity();
    home.write("fed.json", directory().to_json());
    let mut terminal = Terminal::start(&home, &["federation", "trust", "fed.json"]);
    terminal.see("by voice");
    terminal.answer("Do all the others have the same words?", "");
    terminal.see("not confirmed");
    assert_eq!(terminal.end().code, 5);
    assert_eq!(home.run(&["federation", "show", SLUG]).code, Some(1));
    let mut terminal = Terminal::start(&home, &["federation", "trust", "fed.json"]);
    terminal.answer("Do all the others have the same words?", "y");
    terminal.see("is trusted");
    assert_eq!(terminal.end().code, 0);
    assert_eq!(home.run(&["federation", "show", SLUG]).code, Some(0));
}

#[test]
fn without_a_terminal_the_hash_is_needed() {
    let home = Home::with_identity();
    home.write("fed.json", directory().to_json());
    home.run(&["federation", "trust", "fed.json"]).is(str![[r#"
$ oc-guardian federation trust fed.json
--- stderr
federation     oc-me-v1
threshold      3 of 4
guardians       1  op-132f39a98c31baaddba6525f5d43f295  you
                2  op-0135da2f8acf7b9e3090939432e47684
                3  op-7c79f3071e28344e8153bf6c73c294eb
                4  op-36be1ea4d814af2888b895065a0b2538
hash           bc6cbf7047c751e43e0e37e121c9ca1e935fcd3e37cd522610da7b6f8e7edaa8
in words        1 round      2 grass      3 swing      4 moon
                5 insect     6 velvet     7 wealth     8 shoulder
                9 thrive    10 atom      11 income    12 diamond
               13 curious   14 track     15 web       16 whale

All of them signed the charter over this membership. Now compare the words with each of them, by voice:
whoever gave you this file may have given them another one. The words are no secret.
error: nobody can be asked (no terminal, or --no-input): Do all the others have the same words?
hint: Answer with --expect-hash HASH.
--- exit 2

"#]]);
}

#[test]
fn another_hash_is_not_trusted() {
    let home = Home::with_identity();
    home.write("fed.json", directory().to_json());
    let other = "0".repeat(64);
    home.run(&["federation", "trust", "fed.json", "--expect-hash", &other])
        .is(str![[r#"
$ oc-guardian federation trust fed.json --expect-hash 0000000000000000000000000000000000000000000000000000000000000000
--- stderr
error: fed.json has the membership hash bc6cbf7047c751e43e0e37e121c9ca1e935fcd3e37cd522610da7b6f8e7edaa8, not 0000000000000000000000000000000000000000000000000000000000000000
hint: Do not trust it. Find out with the other guardians who was given what.
--- exit 1

"#]]);
    home.run(&["federation", "trust", "fed.json", "--expect-hash", "bc6c"])
        .is(str![[r#"
$ oc-guardian federation trust fed.json --expect-hash bc6c
--- stderr
error: --expect-hash HASH: not 64 lower-case hex digits
--- exit 2

"#]]);
}

#[test]
fn a_missing_or_foreign_signature() {
    let home = Home::with_identity();
    home.write(
        "fed.json",
        agreed(membership(SLUG, 3, &[1, 2, 3, 4]), &[1, 2, 4]).to_json(),
    );
    home.run(&["federation", "trust", "fed.json", "--expect-hash", HASH])
        .is(str![[r#"
$ oc-guardian federation trust fed.json --expect-hash bc6cbf7047c751e43e0e37e121c9ca1e935fcd3e37cd522610da7b6f8e7edaa8
--- stderr
error: fed.json: 1 of 4 guardians have not signed the charter: op-7c79f3071e28344e8153bf6c73c294eb
hint: Have each of them sign it (oc-guardian charter sign) and put their envelopes into the directory.
--- exit 1

"#]]);
    home.write(
        "fed.json",
        agreed(membership(SLUG, 3, &[1, 2, 3, 4]), &[1, 2, 9, 4]).to_json(),
    );
    home.run(&["federation", "trust", "fed.json", "--expect-hash", HASH])
        .is(str![[r#"
$ oc-guardian federation trust fed.json --expect-hash bc6cbf7047c751e43e0e37e121c9ca1e935fcd3e37cd522610da7b6f8e7edaa8
--- stderr
error: fed.json: charter signature 3 is not one of a guardian over this membership: it is not by the key of a guardian
hint: Do not trust this directory. Compare the membership hash with the guardian whose signature it should be.
--- exit 1

"#]]);
}

#[test]
fn a_file_that_is_no_directory() {
    let home = Home::with_identity();
    home.write("fed.json", directory().to_json().replace("\"m\": 3", "\"m\": 2"));
    home.run(&["federation", "trust", "fed.json", "--expect-hash", HASH])
        .is(str![[r#"
$ oc-guardian federation trust fed.json --expect-hash bc6cbf7047c751e43e0e37e121c9ca1e935fcd3e37cd522610da7b6f8e7edaa8
--- stderr
error: fed.json: membership: m is 2, and for 4 guardians it must be from 3 to 4
hint: Ask whoever made the directory for a correct one; do not mend it yourself.
--- exit 1

"#]]);
    home.run(&["federation", "trust", "nowhere.json", "--expect-hash", HASH])
        .is(str![[r#"
$ oc-guardian federation trust nowhere.json --expect-hash bc6cbf7047c751e43e0e37e121c9ca1e935fcd3e37cd522610da7b6f8e7edaa8
--- stderr
error: nowhere.json does not exist
hint: Check the path.
--- exit 1

"#]]);
}

#[test]
fn warns_of_what_an_operator_should_know() {
    let home = Home::with_identity();
    let stranger = agreed(membership(SLUG, 4, &[2, 3, 4, 5]), &[2, 3, 4, 5]);
    let hash = stranger.membership.hash().to_string();
    home.write("fed.json", stranger.to_json());
    home.run(&["federation", "trust", "fed.json", "--expect-hash", &hash])
        .is(str![[r#"
$ oc-guardian federation trust fed.json --expect-hash 6a091d64496e0d4da35a4e1546168efc57c0a32c42af7ed2706977dae8384263
The federation oc-me-v1 is trusted.
membership     6a091d64496e0d4da35a4e1546168efc57c0a32c42af7ed2706977dae8384263
threshold      4 of 4

Next: oc-guardian sign --serve
--- stderr
warning: this operator, op-132f39a98c31baaddba6525f5d43f295, is not one of its guardians
warning: all 4 guardians are needed for a signature: one that is down stops the federation
--- exit 0

"#]]);
}

#[test]
fn another_membership_of_the_same_name_needs_a_word() {
    let home = Home::with_identity();
    home.write("fed.json", directory().to_json());
    home.run(&["federation", "trust", "fed.json", "--expect-hash", HASH]);
    let five = agreed(membership(SLUG, 3, &[1, 2, 3, 4, 5]), &[1, 2, 3, 4, 5]);
    let hash = five.membership.hash().to_string();
    home.write("five.json", five.to_json());
    home.run(&["federation", "trust", "five.json", "--expect-hash", &hash])
        .is(str![[r#"
$ oc-guardian federation trust five.json --expect-hash 789e0a5a688e786b4e21f99fbae75340e57e25212e8516499bc4924c351bb8ba
--- stderr
error: another membership of oc-me-v1 is trusted already, accepted at [TIME]: bc6cbf7047c751e43e0e37e121c9ca1e935fcd3e37cd522610da7b6f8e7edaa8
hint: A new membership means a new key. Once all guardians agreed on it, repeat the command with --replace.
--- exit 1

"#]]);
    let replaced = home.run(&[
        "federation",
        "trust",
        "five.json",
        "--expect-hash",
        &hash,
        "--replace",
    ]);
    assert_eq!(replaced.code, Some(0), "{}", replaced.text);
    assert_eq!(
        home.run(&["federation", "show", "--json"]).json()["federations"][0]["membership_hash"],
        hash
    );
}

#[test]
fn none_is_trusted_yet() {
    let home = Home::new();
    home.run(&["federation", "show"]).is(str![[r#"
$ oc-guardian federation show
No federation is trusted here.

Next: oc-guardian federation trust FILE
--- exit 0

"#]]);
    home.run(&["federation", "show", SLUG]).is(str![[r#"
$ oc-guardian federation show oc-me-v1
--- stderr
error: the federation oc-me-v1 is not trusted here: there is no [DIR]/home/config/federations/oc-me-v1.json
hint: Trust it with: oc-guardian federation trust FILE (its directory with all charter signatures)
--- exit 1

"#]]);
    home.run(&["federation", "show", "../operator"]).is(str![[r#"
$ oc-guardian federation show ../operator
--- stderr
error: "../operator" is no federation's name: 1 to 64 of the characters a-z, 0-9 and -
hint: Use the name that the config bundle has.
--- exit 1

"#]]);
}
