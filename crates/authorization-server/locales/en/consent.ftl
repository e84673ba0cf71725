# Consent to share, and the answer to the relying party.
consent-title = Share your information
consent-asks = { $party } wants to receive information about you
consent-entity = Responsible body: { $entity }
consent-essential = Needed
consent-optional = Your choice
consent-optional-hint = Only what you tick is shared. You can go on without ticking anything.
consent-while-away = The service asks to receive this information even while you are not signed in.
consent-transaction = You agree to { $transaction }. This is for this time only.
consent-remembered = Your choice is remembered. You can withdraw it at any time under “Shared data”.
consent-approve = Agree
consent-deny = Refuse

form-post-title = Almost done
form-post-lead = Press the button to return to { $party }.
form-post-continue = Continue
