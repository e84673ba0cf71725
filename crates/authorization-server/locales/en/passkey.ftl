# Passkeys.
passkey-title = Use a passkey
passkey-lead = Your browser will ask for the fingerprint, face or PIN that you unlock your device with. None of these leaves your device.
passkey-use = Use a passkey
passkey-sign-in = Sign in with a passkey
passkey-or = or
passkey-needs-script = Passkeys need a browser with JavaScript switched on. You can choose another way.
passkey-cancelled = You cancelled, or this device has no passkey of yours. Try again or choose another way.
passkey-unsupported = This browser cannot use passkeys. Choose another way.
passkey-problem-none = The browser sent no passkey.
passkey-problem-wrong = This passkey cannot be used here.
passkey-problem-wrong-advice = It may have been removed from the account. Use another passkey or choose another way.
passkey-problem-stale = This page was open for too long.
passkey-problem-stale-advice = Try again on this page.
passkey-problem-unverified = The passkey asked for no PIN, fingerprint or face.
passkey-problem-unverified-advice = Set a PIN for it, or sign in with your password and use this passkey as the second step.
passkey-problem-copied = This passkey can no longer be trusted: it may have been copied.
passkey-problem-copied-advice = Sign in another way, remove this passkey under Security and add a new one.

method-passkey = Passkey
method-passkey-takes = Fingerprint, face or PIN on your device

passkeys = Passkeys
passkeys-lead = Sign in with the fingerprint, face or PIN of your device, without typing a password. A passkey cannot be tricked by a fake page.
passkeys-count = { $count ->
    [one] You have { $count } passkey.
   *[other] You have { $count } passkeys.
}
passkeys-manage = Manage passkeys
passkey-add = Add a passkey
passkey-back = Back
passkey-name = Name of the passkey
passkey-name-hint = So that you recognise it, for example “My telephone”
passkey-unnamed = Passkey without a name
passkey-bound = Added
passkey-used = Last used
passkey-never-used = Not used yet
passkey-on-one-device = On one device
passkey-synced = Synced between devices
passkey-hardware = Hardware key
passkey-rename = Rename
passkey-rename-submit = Save the name
passkey-remove = Remove this passkey
passkey-problem-failed = The passkey could not be added. Try again.
passkey-problem-official = Your duties need a hardware key from the approved list. Ask your office for one.
passkey-problem-known = This device has a passkey of yours already.
passkey-problem-name = A name has at most 64 characters on one line
passkey-problem-many = You have as many passkeys as one can. Remove one you no longer use before adding another.

notice-passkey-added = The passkey was added.
notice-passkey-renamed = The passkey was renamed.
notice-passkey-removed = The passkey was removed. It no longer signs in; you can delete it from your device.
