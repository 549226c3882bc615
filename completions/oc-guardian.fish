# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_oc_guardian_global_optspecs
    string join \n json q/quiet v/verbose color= no-input h/help V/version
end

function __fish_oc_guardian_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_oc_guardian_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_oc_guardian_using_subcommand
    set -l cmd (__fish_oc_guardian_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "init" -d 'Make the operator key, or restore one, and store it'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "key" -d 'Look after the operator key'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "config" -d 'Write and check the guardian\'s config bundle'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "verify" -d 'Prove that a guardian image is the one that the project signed'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "trust" -d 'Look after the trust root: whose certificates and logs count'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "run" -d 'Verify the guardian\'s image, pull it by its digest, and start it'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "upgrade" -d 'Replace the guardian\'s container by one of a newer image, or put all back'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "rollback" -d 'Go back to the container that served before the last upgrade'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "stop" -d 'Stop the guardian\'s container'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "logs" -d 'Show what the guardian\'s container printed'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "uninstall" -d 'Remove the guardian\'s containers and network from the engine'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "federation" -d 'Decide which federations this operator trusts'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "charter" -d 'Agree to a federation\'s membership'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "guardian" -d 'The guardian process: what the container runs'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "sign" -d 'Answer signing requests, or have one signed'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "policy" -d 'Write, check and try the signing policy'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "audit" -d 'Read and prove the audit log of the signing server'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "status" -d 'Show whether this machine is in order: identity, keystore, folders, config bundle, the guardian\'s container'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "portal" -d 'Ask the portal what it knows of this operator'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "incident" -d 'Publish an incident to a federation, and read what others published'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "devnet" -d 'Run a whole federation with its portal on this machine, for trying out'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "completions" -d 'Print the completion script for a shell'
complete -c oc-guardian -n "__fish_oc_guardian_needs_command" -f -a "man" -d 'Print the manual page, or write the pages of all commands'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -l scheme -d 'Signature scheme of the key; must be stated for --restore and --import-hex [default: bip340]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -l keystore -d 'Where to keep the key [default: keychain if it works, else file]' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'A file encrypted with a passphrase (age format)'"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -l from -d 'Read the words or hex digits from this file (0600), or from standard input for "-"' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -l expect-id -d 'Refuse unless the restored or imported key has this operator id' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -l passphrase-file -d 'Take the passphrase of the encrypted file from FILE (0600, one line), or from standard input for "-"' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -l words-file -d 'Write the 24 words to this new file (0600) instead of showing them' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -l restore -d 'Restore the key from its 24 words'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -l import-hex -d 'Import the key from 64 hex digits, as the portal exports it'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -s y -l yes -d 'Do not ask for confirmation'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand init" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and not __fish_seen_subcommand_from show verify-backup change-passphrase migrate export" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and not __fish_seen_subcommand_from show verify-backup change-passphrase migrate export" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and not __fish_seen_subcommand_from show verify-backup change-passphrase migrate export" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and not __fish_seen_subcommand_from show verify-backup change-passphrase migrate export" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and not __fish_seen_subcommand_from show verify-backup change-passphrase migrate export" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and not __fish_seen_subcommand_from show verify-backup change-passphrase migrate export" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and not __fish_seen_subcommand_from show verify-backup change-passphrase migrate export" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and not __fish_seen_subcommand_from show verify-backup change-passphrase migrate export" -f -a "show" -d 'Show the public half of the operator key'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and not __fish_seen_subcommand_from show verify-backup change-passphrase migrate export" -f -a "verify-backup" -d 'Check that 24 words are the backup of this key; changes nothing and needs no passphrase'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and not __fish_seen_subcommand_from show verify-backup change-passphrase migrate export" -f -a "change-passphrase" -d 'Encrypt the key file anew under another passphrase'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and not __fish_seen_subcommand_from show verify-backup change-passphrase migrate export" -f -a "migrate" -d 'Move the key between keychain and encrypted file'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and not __fish_seen_subcommand_from show verify-backup change-passphrase migrate export" -f -a "export" -d 'Give out the private key as 64 hex digits, for the portal\'s import'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from show" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from verify-backup" -l from -d 'Read the words from this file (0600), or from standard input for "-"' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from verify-backup" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from verify-backup" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from verify-backup" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from verify-backup" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from verify-backup" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from verify-backup" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from verify-backup" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from change-passphrase" -l passphrase-file -d 'Take the present passphrase from FILE (0600, one line), or from standard input for "-"' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from change-passphrase" -l new-passphrase-file -d 'Take the new passphrase from FILE (0600, one line), or from standard input for "-"' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from change-passphrase" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from change-passphrase" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from change-passphrase" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from change-passphrase" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from change-passphrase" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from change-passphrase" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from change-passphrase" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from migrate" -l to -d 'Where the key is to go' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'A file encrypted with a passphrase (age format)'"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from migrate" -l passphrase-file -d 'Take the passphrase of the encrypted file, the present or the new one, from FILE (0600, one line), or from standard input for "-"' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from migrate" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from migrate" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from migrate" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from migrate" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from migrate" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from migrate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from migrate" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from export" -l out -d 'Write the hex digits to this new file (0600) instead of the terminal' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from export" -l confirm -d 'Confirm by the operator id, instead of typing it when asked' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from export" -l passphrase-file -d 'Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from export" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from export" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from export" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand key; and __fish_seen_subcommand_from export" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and not __fish_seen_subcommand_from gen check show schema" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and not __fish_seen_subcommand_from gen check show schema" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and not __fish_seen_subcommand_from gen check show schema" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and not __fish_seen_subcommand_from gen check show schema" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and not __fish_seen_subcommand_from gen check show schema" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and not __fish_seen_subcommand_from gen check show schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and not __fish_seen_subcommand_from gen check show schema" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and not __fish_seen_subcommand_from gen check show schema" -f -a "gen" -d 'Write the guardian\'s config bundle, from the operator identity of this machine'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and not __fish_seen_subcommand_from gen check show schema" -f -a "check" -d 'Check a config bundle, and show everything that is wrong with it at once'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and not __fish_seen_subcommand_from gen check show schema" -f -a "show" -d 'Show the values of a config bundle, with the defaults of what it leaves out'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and not __fish_seen_subcommand_from gen check show schema" -f -a "schema" -d 'Print the JSON Schema of the config bundle'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l federation -d 'Name of the federation; asked for where it is not given' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l log-level -d 'Least severe level that the guardian logs: error, warn, info, debug, trace [default: info]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l attestation-url -d 'Where the guardian posts its health envelope [default: https://me.ochk.io/api/operator/attestation]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l directory-url -d 'Where the federation\'s directory is read' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l public-host -d 'Host name or IP address under which others reach this guardian' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l extra-ca-file -d 'PEM file of the portal\'s own certificate authority, as the container sees it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l image-digest -d 'Pin the guardian image: sha256:…' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l signer-url -d 'Where the signing server listens: unix:/PATH or http://127.0.0.1:PORT' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l signer-token-file -d 'File with the access token of a signing server on http, as the container sees it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l data-dir -d 'Where the guardian keeps its state in the container [default: /var/lib/oc-guardian]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l out -d 'Write it here; `-` is standard output [default: oc-guardian.config in the config folder]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l format -d 'Also print the guardian\'s container, for another supervisor than `run`' -r -f -a "bundle\t'The config bundle alone'
compose\t'A file for Docker Compose'
quadlet\t'A unit for Podman and systemd'
kubernetes\t'Manifests for Kubernetes'"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l image -d 'The image, which is verified first, by tag or digest [default: ghcr.io/orangecheck/oc-guardian:latest]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l bundle-path -d 'Where the bundle is on the machine that runs the container [default: where it is written; kubernetes: a ConfigMap]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l signer-folder -d 'Folder with the signing server\'s socket on the machine that runs the container [default: where this machine has it]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l trusted-root -d 'Trust root of another Sigstore than the public one' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l platform -d 'Where the image is to run [default: linux and the processor of this machine, or of the engine\'s]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l config -d 'The config bundle whose image_digest is the only one accepted [default: as for the other commands]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l certificate-identity -d 'Exactly this identity instead of the project\'s release workflow' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l certificate-identity-regexp -d 'An identity that this expression matches as a whole; without metacharacters, it or anything below it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l certificate-oidc-issuer -d 'Who vouches for the identity' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l key -d 'Public key (PEM) that made the signature, instead of a certificate; provenance still needs the identity' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l force -d 'Replace an existing bundle that differs'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l allow-stale-trust-root -d 'Dangerous: verify with a trust root that is more than 400 days old'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l allow-missing-provenance -d 'Dangerous: accept an image that comes without build provenance'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l allow-downgrade -d 'Dangerous: accept an image older than the one that this machine has settled on, or of no certified version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from gen" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'The same as FILE' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from check" -l portal-base -d 'Address of the portal [default: $OC_PORTAL_BASE, else that of the config bundle, else https://me.ochk.io]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from check" -l portal-ca-file -d 'PEM file of the portal\'s own certificate authority; no other is then believed [default: the config bundle\'s]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from check" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from check" -l portal -d 'Ask the portal, too: is the operator in its registry, and does it know the federation. Naming one asks it'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from check" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from check" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'The same as FILE' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from schema" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from schema" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from schema" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from schema" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from schema" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand config; and __fish_seen_subcommand_from schema" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -l bundle -d 'Verify a file, or a digest sha256:…, with this Sigstore bundle instead of an image' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -l trusted-root -d 'Trust root of another Sigstore than the public one' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -l platform -d 'Where the image is to run [default: linux and the processor of this machine, or of the engine\'s]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -l config -d 'The config bundle whose image_digest is the only one accepted [default: as for the other commands]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -l certificate-identity -d 'Exactly this identity instead of the project\'s release workflow' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -l certificate-identity-regexp -d 'An identity that this expression matches as a whole; without metacharacters, it or anything below it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -l certificate-oidc-issuer -d 'Who vouches for the identity' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -l key -d 'Public key (PEM) that made the signature, instead of a certificate; provenance still needs the identity' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -l no-pin -d 'Look at another image than the one that the config bundle pins'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -l allow-stale-trust-root -d 'Dangerous: verify with a trust root that is more than 400 days old'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -l allow-missing-provenance -d 'Dangerous: accept an image that comes without build provenance'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -l allow-downgrade -d 'Dangerous: accept an image older than the one that this machine has settled on, or of no certified version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand verify" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and not __fish_seen_subcommand_from show update" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and not __fish_seen_subcommand_from show update" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and not __fish_seen_subcommand_from show update" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and not __fish_seen_subcommand_from show update" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and not __fish_seen_subcommand_from show update" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and not __fish_seen_subcommand_from show update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and not __fish_seen_subcommand_from show update" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and not __fish_seen_subcommand_from show update" -f -a "show" -d 'Show the trust root that images are verified with'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and not __fish_seen_subcommand_from show update" -f -a "update" -d 'Fetch the latest trust root'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from show" -l trusted-root -d 'Another trust root than the one in use' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from show" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from update" -l mirror -d 'Where to fetch it from [default: https://tuf-repo-cdn.sigstore.dev]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from update" -l root -d 'TUF root of a private Sigstore, from a source that you trust' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from update" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from update" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from update" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from update" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from update" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand trust; and __fish_seen_subcommand_from update" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l image -d 'The image, by tag or digest [default: the container\'s own, or ghcr.io/orangecheck/oc-guardian:latest]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l bundle-path -d 'The config bundle on the engine\'s machine, where that is another one than this' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l health-port -d 'Publish the health port here' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l peer-port -d 'Publish the port for other guardians here' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l data-volume -d 'Volume for the guardian\'s data [default: the container\'s name and "-data"]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l settle -d 'How long the guardian has to prove itself once it is healthy' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l adopt -d 'Start a container again although it has this, one by one as KIND=VALUE; "none" for all of it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l name -d 'Name of the guardian\'s container; others that belong to it are named after it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l trusted-root -d 'Trust root of another Sigstore than the public one' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l platform -d 'Where the image is to run [default: linux and the processor of this machine, or of the engine\'s]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l config -d 'The config bundle whose image_digest is the only one accepted [default: as for the other commands]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l certificate-identity -d 'Exactly this identity instead of the project\'s release workflow' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l certificate-identity-regexp -d 'An identity that this expression matches as a whole; without metacharacters, it or anything below it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l certificate-oidc-issuer -d 'Who vouches for the identity' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l key -d 'Public key (PEM) that made the signature, instead of a certificate; provenance still needs the identity' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l allow-stale-trust-root -d 'Dangerous: verify with a trust root that is more than 400 days old'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l allow-missing-provenance -d 'Dangerous: accept an image that comes without build provenance'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l allow-downgrade -d 'Dangerous: accept an image older than the one that this machine has settled on, or of no certified version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand run" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l image -d 'The new image, by tag or digest [default: that of the container, under its tag or "latest"]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l strategy -d 'How the new container takes over' -r -f -a "auto\t'Handover; restart where an image does not know how to stand by'
handover\t'The new one is warm before the old one lets go'
restart\t'Stop the old one, then start the new one: a pause of seconds'"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l settle -d 'How long the new guardian has to prove itself' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l adopt -d 'Carry over what sets the container apart, one by one as KIND=VALUE; "none" leaves the rest behind' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l name -d 'Name of the guardian\'s container; others that belong to it are named after it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l trusted-root -d 'Trust root of another Sigstore than the public one' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l platform -d 'Where the image is to run [default: linux and the processor of this machine, or of the engine\'s]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l config -d 'The config bundle whose image_digest is the only one accepted [default: as for the other commands]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l certificate-identity -d 'Exactly this identity instead of the project\'s release workflow' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l certificate-identity-regexp -d 'An identity that this expression matches as a whole; without metacharacters, it or anything below it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l certificate-oidc-issuer -d 'Who vouches for the identity' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l key -d 'Public key (PEM) that made the signature, instead of a certificate; provenance still needs the identity' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l check -d 'Only say what is available: exits 0 where the newest runs already, else 4'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l force -d 'Upgrade though too few other guardians are healthy, or one of them upgrades now'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l require-notice -d 'Do not begin without a signed notice to the other guardians'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -s y -l yes -d 'Do not ask'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l allow-stale-trust-root -d 'Dangerous: verify with a trust root that is more than 400 days old'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l allow-missing-provenance -d 'Dangerous: accept an image that comes without build provenance'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l allow-downgrade -d 'Dangerous: accept an image older than the one that this machine has settled on, or of no certified version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand upgrade" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand rollback" -l settle -d 'How long the guardian has to prove itself' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand rollback" -l adopt -d 'Roll back although the container from before has this, one by one as KIND=VALUE; "none" for all of it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand rollback" -l name -d 'Name of the guardian\'s container; others that belong to it are named after it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand rollback" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand rollback" -s y -l yes -d 'Do not ask'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand rollback" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand rollback" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand rollback" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand rollback" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand rollback" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand stop" -l name -d 'Name of the guardian\'s container; others that belong to it are named after it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand stop" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand stop" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand stop" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand stop" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand stop" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand stop" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand logs" -l tail -d 'Begin with so many of the last lines' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand logs" -l name -d 'Name of the guardian\'s container; others that belong to it are named after it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand logs" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand logs" -s f -l follow -d 'Go on with what it prints from now on, until Ctrl-C'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand logs" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand logs" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand logs" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand logs" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand logs" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand uninstall" -l name -d 'Name of the guardian\'s container; others that belong to it are named after it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand uninstall" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand uninstall" -l volumes -d 'Also remove the volumes with the guardian\'s data: its transport key, and what it remembers of the operator'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand uninstall" -s y -l yes -d 'Do not ask'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand uninstall" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand uninstall" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand uninstall" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand uninstall" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand uninstall" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand uninstall" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and not __fish_seen_subcommand_from trust show" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and not __fish_seen_subcommand_from trust show" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and not __fish_seen_subcommand_from trust show" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and not __fish_seen_subcommand_from trust show" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and not __fish_seen_subcommand_from trust show" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and not __fish_seen_subcommand_from trust show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and not __fish_seen_subcommand_from trust show" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and not __fish_seen_subcommand_from trust show" -f -a "trust" -d 'Trust a federation\'s membership, after its hash was compared with the other guardians'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and not __fish_seen_subcommand_from trust show" -f -a "show" -d 'Show the federations that this operator trusts: threshold, guardians, hash, addresses'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from trust" -l expect-hash -d 'The hash that was compared, 64 hex digits: answers the question where nobody can be asked' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from trust" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from trust" -l replace -d 'Replace another membership that is trusted under the same name'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from trust" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from trust" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from trust" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from trust" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from trust" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from show" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand federation; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and not __fish_seen_subcommand_from sign" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and not __fish_seen_subcommand_from sign" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and not __fish_seen_subcommand_from sign" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and not __fish_seen_subcommand_from sign" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and not __fish_seen_subcommand_from sign" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and not __fish_seen_subcommand_from sign" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and not __fish_seen_subcommand_from sign" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and not __fish_seen_subcommand_from sign" -f -a "sign" -d 'Sign the charter of a federation: agree to be a guardian in exactly this membership'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and __fish_seen_subcommand_from sign" -l expect-hash -d 'The membership\'s hash, 64 hex digits: answers the question where nobody can be asked' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and __fish_seen_subcommand_from sign" -l out -d 'Write the envelope to this new file' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and __fish_seen_subcommand_from sign" -l into -d 'Put the signature into this directory file, often the same one, in the place of an earlier one of ours' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and __fish_seen_subcommand_from sign" -l passphrase-file -d 'Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and __fish_seen_subcommand_from sign" -l portal-base -d 'Address of the portal [default: $OC_PORTAL_BASE, else that of the config bundle, else https://me.ochk.io]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and __fish_seen_subcommand_from sign" -l portal-ca-file -d 'PEM file of the portal\'s own certificate authority; no other is then believed [default: the config bundle\'s]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and __fish_seen_subcommand_from sign" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and __fish_seen_subcommand_from sign" -l post -d 'Hand the envelope to the portal as well'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and __fish_seen_subcommand_from sign" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and __fish_seen_subcommand_from sign" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and __fish_seen_subcommand_from sign" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and __fish_seen_subcommand_from sign" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and __fish_seen_subcommand_from sign" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand charter; and __fish_seen_subcommand_from sign" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -l config -d 'The config bundle' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -l api-listen -d 'Where health and status are served' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -l p2p-listen -d 'Where other guardians are answered' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -l attest-interval -d 'Time between two health envelopes; the board takes a guardian for dead after 120 s' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -l delegation -d 'For tests: how long the operator\'s word for the transport key is asked for' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -l rpc-idle -d 'For tests: how long a kit on the RPC may send nothing' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -f -a "healthcheck" -d 'Ask a guardian whether it is healthy; the image\'s HEALTHCHECK'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -f -a "rpc" -d 'Bridge the guardian\'s RPC socket to standard input and output, for a kit that reaches the container by exec'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -f -a "standby" -d 'Have the serving guardian step back: it ends its sessions, leaves the data folder to another process, and stands by'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and not __fish_seen_subcommand_from healthcheck rpc standby activate" -f -a "activate" -d 'Have a guardian that stepped back serve again, if no other process holds its data folder'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from healthcheck" -l api -d 'Base URL of the guardian\'s health port' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from healthcheck" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from healthcheck" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from healthcheck" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from healthcheck" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from healthcheck" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from healthcheck" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from healthcheck" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from rpc" -l config -d 'The guardian\'s config bundle, which names its data folder' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from rpc" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from rpc" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from rpc" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from rpc" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from rpc" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from rpc" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from rpc" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from standby" -l api -d 'Base URL of the guardian\'s health port' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from standby" -l config -d 'The guardian\'s config bundle, which names its data folder' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from standby" -l pid -d 'Process id of the guardian [default: 1 in a container; else the one that last held the data folder]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from standby" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from standby" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from standby" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from standby" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from standby" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from standby" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from standby" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from activate" -l api -d 'Base URL of the guardian\'s health port' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from activate" -l config -d 'The guardian\'s config bundle, which names its data folder' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from activate" -l pid -d 'Process id of the guardian [default: 1 in a container; else the one that last held the data folder]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from activate" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from activate" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from activate" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from activate" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from activate" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from activate" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand guardian; and __fish_seen_subcommand_from activate" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l approve -d 'Say yes to a request that waits' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l deny -d 'Say no to a request that waits' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l sha256 -d 'With --approve: SHA-256 of the payload, as --pending shows it, instead of being asked' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l listen -d 'Also answer on this loopback address; port 0 takes a free one. The token is in the runtime folder' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l guardian -d 'Fetch the requests of the guardian in this container, or with this RPC socket (a path); "none" fetches none [default: the container oc-guardian, where there is a Docker engine]. With a FILE: only ask it whether the state folder is an older copy [default: rpc.sock in the data folder of the config bundle, or that container]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l policy -d 'Policy file [default: policy.toml in the config folder, made where there is none]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l allow-uid -d 'Let this user, besides your own, reach the guardian\'s socket; may be repeated' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l passphrase-file -d 'Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l trusted-root -d 'Trust root of another Sigstore than the public one' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l certificate-identity -d 'Exactly this identity instead of the project\'s release workflow' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l certificate-identity-regexp -d 'An identity that this expression matches as a whole; without metacharacters, it or anything below it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l certificate-oidc-issuer -d 'Who vouches for the identity' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l key -d 'Public key (PEM) that made the signature, instead of a certificate; provenance still needs the identity' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l serve -d 'Answer requests until stopped'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l pending -d 'List the requests that wait for a person'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l reload -d 'Have the running server read its policy again'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l print-unit -d 'Print a systemd user unit that serves, with the options given here'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l hour -d 'With --approve: say yes to this kind and action for an hour'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l ask-only -d 'Sign nothing without a person\'s yes: for a second machine with the same key'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l accept-rollback -d 'Dangerous: sign on with an older copy of the state folder, though the guardian proves that newer signatures exist. Only where the newest copy is lost and nothing that it signed is valid any more, which an action can be for 30 days'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l unverified-guardian -d 'Dangerous: serve whatever runs in the container, whoever made it. For development, with a key that guards nothing'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l allow-stale-trust-root -d 'Dangerous: verify with a trust root that is more than 400 days old'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand sign" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and not __fish_seen_subcommand_from init check test" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and not __fish_seen_subcommand_from init check test" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and not __fish_seen_subcommand_from init check test" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and not __fish_seen_subcommand_from init check test" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and not __fish_seen_subcommand_from init check test" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and not __fish_seen_subcommand_from init check test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and not __fish_seen_subcommand_from init check test" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and not __fish_seen_subcommand_from init check test" -f -a "init" -d 'Write the usual policy: routine requests of one federation are signed, everything else is asked'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and not __fish_seen_subcommand_from init check test" -f -a "check" -d 'Check the policy: what each rule matches, and what it can never do'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and not __fish_seen_subcommand_from init check test" -f -a "test" -d 'Try a request: which rule decides, and what would happen'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from init" -l federation -d 'Name of the federation [default: the one in the config bundle]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from init" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from init" -l force -d 'Replace an existing policy that differs'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from init" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from init" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from init" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from check" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from check" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from check" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from test" -l policy -d 'The policy [default: policy.toml in the config folder]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from test" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from test" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from test" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from test" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand policy; and __fish_seen_subcommand_from test" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and not __fish_seen_subcommand_from log verify head export accept-clock" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and not __fish_seen_subcommand_from log verify head export accept-clock" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and not __fish_seen_subcommand_from log verify head export accept-clock" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and not __fish_seen_subcommand_from log verify head export accept-clock" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and not __fish_seen_subcommand_from log verify head export accept-clock" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and not __fish_seen_subcommand_from log verify head export accept-clock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and not __fish_seen_subcommand_from log verify head export accept-clock" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and not __fish_seen_subcommand_from log verify head export accept-clock" -f -a "log" -d 'Show what was signed, refused and asked'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and not __fish_seen_subcommand_from log verify head export accept-clock" -f -a "verify" -d 'Prove the audit log: every hash, every place in the chain, every signature'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and not __fish_seen_subcommand_from log verify head export accept-clock" -f -a "head" -d 'Show the head of the audit log, to note it elsewhere'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and not __fish_seen_subcommand_from log verify head export accept-clock" -f -a "export" -d 'Write the audit log to one file, signed by the operator key'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and not __fish_seen_subcommand_from log verify head export accept-clock" -f -a "accept-clock" -d 'Accept that the clock was wrong, and sign again although records of a later time exist'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from log" -l since -d 'Only records of the last while: 24h, 90min, 7days' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from log" -l event -d 'Only this event; can be repeated' -r -f -a "signed\t''
denied\t''
asked\t''
approved\t''
expired\t''
nonce-used\t''
started\t''
stopped\t''
head\t''
operation\t''
forced\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from log" -l limit -d 'Only the newest N records; 0 for all' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from log" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from log" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from log" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from log" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from log" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from log" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from verify" -l head -d 'Compare with a noted head: SEQ:HASH, or a file with it; can be repeated' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from verify" -l export -d 'Prove an export instead, without key and state folder: its records as far as their own hashes say, and its signature' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from verify" -l pubkey -d 'With --export: the public key of the operator whose it should be [default: this identity\'s]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from verify" -l passphrase-file -d 'Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from verify" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from verify" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from verify" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from verify" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from head" -l passphrase-file -d 'Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from head" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from head" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from head" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from head" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from head" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from head" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from head" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from export" -l out -d 'The new file (0600)' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from export" -l passphrase-file -d 'Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from export" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from export" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from export" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from export" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from accept-clock" -l passphrase-file -d 'Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from accept-clock" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from accept-clock" -l yes -d 'Do not ask'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from accept-clock" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from accept-clock" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from accept-clock" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from accept-clock" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from accept-clock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand audit; and __fish_seen_subcommand_from accept-clock" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand status" -l name -d 'Name of the guardian\'s container; others that belong to it are named after it' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand status" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand status" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand status" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand status" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand status" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand status" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and not __fish_seen_subcommand_from status" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and not __fish_seen_subcommand_from status" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and not __fish_seen_subcommand_from status" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and not __fish_seen_subcommand_from status" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and not __fish_seen_subcommand_from status" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and not __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and not __fish_seen_subcommand_from status" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and not __fish_seen_subcommand_from status" -f -a "status" -d 'Show whether the portal knows this operator and its federation, and the colour of its attestation'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and __fish_seen_subcommand_from status" -l federation -d 'Name of the federation [default: that of the config bundle]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and __fish_seen_subcommand_from status" -l config -d 'The config bundle [default: the one in the config folder, else the one in /etc/oc-guardian]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and __fish_seen_subcommand_from status" -l portal-base -d 'Address of the portal [default: $OC_PORTAL_BASE, else that of the config bundle, else https://me.ochk.io]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and __fish_seen_subcommand_from status" -l portal-ca-file -d 'PEM file of the portal\'s own certificate authority; no other is then believed [default: the config bundle\'s]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and __fish_seen_subcommand_from status" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and __fish_seen_subcommand_from status" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand portal; and __fish_seen_subcommand_from status" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and not __fish_seen_subcommand_from publish list" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and not __fish_seen_subcommand_from publish list" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and not __fish_seen_subcommand_from publish list" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and not __fish_seen_subcommand_from publish list" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and not __fish_seen_subcommand_from publish list" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and not __fish_seen_subcommand_from publish list" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and not __fish_seen_subcommand_from publish list" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and not __fish_seen_subcommand_from publish list" -f -a "publish" -d 'Publish an incident: signed with the operator key, then handed to the portal'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and not __fish_seen_subcommand_from publish list" -f -a "list" -d 'List a federation\'s incidents, newest first'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -l severity -d 'How bad it is: info, warning, critical' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -l title -d 'What happened, in one line of at most 120 characters' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -l body-file -d 'File with the rest, at most 4000 characters; `-` is standard input' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -l tag -d 'What it is about, for programs, such as upgrade: a-z, 0-9 and -' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -l federation -d 'Name of the federation [default: that of the config bundle]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -l config -d 'The config bundle [default: the one in the config folder, else the one in /etc/oc-guardian]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -l passphrase-file -d 'Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -l portal-base -d 'Address of the portal [default: $OC_PORTAL_BASE, else that of the config bundle, else https://me.ochk.io]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -l portal-ca-file -d 'PEM file of the portal\'s own certificate authority; no other is then believed [default: the config bundle\'s]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from publish" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from list" -l federation -d 'Name of the federation [default: that of the config bundle]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from list" -l last -d 'Show only so many' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from list" -l config -d 'The config bundle [default: the one in the config folder, else the one in /etc/oc-guardian]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from list" -l portal-base -d 'Address of the portal [default: $OC_PORTAL_BASE, else that of the config bundle, else https://me.ochk.io]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from list" -l portal-ca-file -d 'PEM file of the portal\'s own certificate authority; no other is then believed [default: the config bundle\'s]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from list" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand incident; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -l guardians -d 'How many guardians: 4 to 32' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -l threshold -d 'How many of them make a signature [default: more than half of them]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -l home -d 'Folder in which the devnet has its own [default: the system\'s folder for temporary files]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -l port -d 'Port of the portal on 127.0.0.1 [default: a free one]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -l attest-interval -d 'Time between two health envelopes of a guardian; outside a devnet it is 60s' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -l stale-after -d 'After which time the board takes a guardian for dead; outside a devnet it is 120s' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -l restart-after -d 'How long a process that ended stays away before it is started anew; longer, when it ends again soon' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -l image-digest -d 'Image that the guardians say they run [default: the SHA-256 of this program, in the place of an image\'s]' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -l pull -d 'Let the signing servers fetch requests from the guardians, instead of the guardians asking them'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -f -a "pin" -d 'Show or change which images the devnet\'s portal accepts: guardians with another one turn red'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -f -a "stop" -d 'Stop the devnet that runs in another terminal, and wait until nothing of it is left'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -f -a "portal" -d 'The portal of a devnet'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and not __fish_seen_subcommand_from pin stop portal child" -f -a "child" -d 'A process of a devnet: another verb, which ends when the devnet does'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from pin" -l home -d 'Folder in which the devnet has its own [default: the system\'s folder for temporary files]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from pin" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from pin" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from pin" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from pin" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from pin" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from pin" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from pin" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from stop" -l home -d 'Folder in which the devnet has its own [default: the system\'s folder for temporary files]' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from stop" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from stop" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from stop" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from stop" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from stop" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from stop" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from portal" -l listen -d 'Where it listens' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from portal" -l directory -d 'Directory of its federation' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from portal" -l folder -d 'Folder of the devnet' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from portal" -l stale-after -d 'When an attestation is stale' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from portal" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from portal" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from portal" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from portal" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from portal" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from portal" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from portal" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from child" -l parent -d 'Process id of the devnet' -r
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from child" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from child" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from child" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from child" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from child" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from child" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand devnet; and __fish_seen_subcommand_from child" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand completions" -l out-dir -d 'Write it into this folder under the name that the shell expects, instead of printing it' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand completions" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand completions" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand completions" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand completions" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand completions" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand completions" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand completions" -s V -l version -d 'Print version'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand man" -l out-dir -d 'Write one page for each command into this folder, instead of printing the main page' -r -F
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand man" -l color -d 'When to use colours [NO_COLOR is honoured]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand man" -l json -d 'Print one JSON document instead of text'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand man" -s q -l quiet -d 'Print no notes and no progress; results, warnings and errors remain'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand man" -s v -l verbose -d 'Print more detail'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand man" -l no-input -d 'Never ask; a needed answer is an error that names its flag'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand man" -s h -l help -d 'Print help'
complete -c oc-guardian -n "__fish_oc_guardian_using_subcommand man" -s V -l version -d 'Print version'
