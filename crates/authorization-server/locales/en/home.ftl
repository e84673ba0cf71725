# The citizen's own pages.
sections-label = Your pages
section-overview = Overview
section-sessions = Sessions
section-consents = Shared data
section-history = History of use
section-security = Security
section-logout = Sign out

notice-session-ended = The session has ended.
notice-other-sessions-ended = All other sessions have ended.
notice-consent-withdrawn = Your consent is withdrawn. The service no longer receives your information.
notice-password-changed = Your password has been changed.
notice-totp-enrolled = Your authenticator app has been added.
notice-app-removed = The device was removed from your account.
notice-message-codes-enrolled = Codes can be sent there from now on.
notice-message-codes-stopped = No more codes go to this address.

home-greeting = Hello { $name }
home-number = Personal identification number
home-level = Identification account
home-card = Identity card
home-last-login = Previous sign-in
home-first-login = This is the first time you have signed in.
card-none = No card yet
card-unlimited = Valid without limit
card-valid = Valid
card-until = until { $day }
card-expired = Expired
card-expired-on = on { $day }

sessions-lead = Where your account is signed in. If you do not recognise a place, choose “That was not me”.
sessions-end-others = End all other sessions
session-here = This browser
session-last-used = Last used
session-began = Signed in
session-parties = Services
session-end = End session

consents-lead = The services you have agreed to share information with.
consents-none = You have not agreed to share information with any service.
consent-data = Information
consent-given = Agreed
consent-withdraw = Withdraw consent

history-lead = Each time a service asked who you are, and every change to your account. The history is kept for 5 years.
history-none = Nothing has been recorded yet.
history-older = Show earlier entries
column-time = Time
column-party = Service
column-purpose = Purpose
column-level = Authentication
purpose-none = Not stated

security-password-why = Use a long password that you use nowhere else.
security-totp = Authenticator app
security-totp-on = When you sign in, you also enter a 6-digit code from your telephone.
security-totp-off = Add a code from your telephone to reach authentication level 2 and protect your account better.
security-totp-replace = Replace with another app or telephone
totp-on = In use
totp-off = Not set up

password-title = Change password
password-current = Current password
password-new = New password
password-new-hint = At least { $count } characters. A sentence you can remember works well; spaces and accents are fine.
password-again = New password again
password-ends-sessions = After the change, your sessions elsewhere will end.
password-problem-current = Your current password is not right
password-problem-short = The new password needs at least { $count } characters
password-problem-long = The new password is too long
password-problem-common = Many people use this password, so it is easy to guess. Choose another.
password-problem-same = The new password must differ from the current one
password-problem-repeat = The two new passwords are not the same

enrol-title = Add an authenticator app
enrol-scan = Scan the code
enrol-scan-how = Open the authenticator app on your telephone and scan this code.
enrol-qr-alt = QR code with the secret key. The key is also written in letters just below.
enrol-open = Open in the authenticator app on this device
enrol-type = If you cannot scan it, type this key into the app:
enrol-confirm = Confirm
enrol-submit = Add the app

recovery-codes = Recovery codes
recovery-lead = If you lose your telephone, a recovery code takes the place of the code on it.
recovery-left = { $count ->
    [one] { $count } code has not been used.
   *[other] { $count } codes have not been used.
}
recovery-make = Make a new set
recovery-replaces = A new set ends the old one: its codes no longer work.
recovery-new = These are your recovery codes. This page shows them once.
recovery-keep = Print or copy them and keep them safe, apart from your telephone. Each code works once.
recovery-download = Download as a file
recovery-done = I have put them away

device-title = The vneid app on a phone
device-lead = Log in by scanning a QR code instead of typing a password on a computer you do not know. Each account is paired with one device.
device-name = Device
device-unnamed = No name
device-bound = Paired at
device-moves = Pairing another device removes this one at once and tells it so.
device-make-code = Pair a device
device-remove = Remove the device
device-too-weak = To pair a device you must be logged in with two factors. Add an authenticator app first.
device-open = Open the app
device-open-how = Open the vneid app on your phone and scan this code.
device-picture-alt = QR code for pairing. The code is also written in letters below.
device-bind-here = Pair this very device
device-type = Or type it
device-identifier = Pairing number
device-code = Pairing code
device-once = The code works once, within 10 minutes. Do not give it to anybody.
device-done = I have paired it
security-app-off = Scan a QR code to log in with your phone.
security-app-manage = Manage the device
security-messages = Codes by message
security-messages-why = For when there is no safer way.
message-risk-sms = An SMS can be read by others or sent to another SIM. An authenticator app is safer and also reaches level 2.
message-risk-email = A code by e-mail helps you set a new password. Whoever opens the mailbox reads it, so it does not take the place of your telephone.
message-no-address = Your record has no such address yet. Go to the commune police to register one.
message-bound = Codes go to { $address }.
message-stop = Send no more codes here
