# Signing in, codes, choosing an account, signing out.
login-title = Sign in
login-asks = { $party } wants to know who you are
login-username = Personal identification number or telephone number
login-username-hint = The 12 digits on your identity card, or the telephone number you registered
login-password = Password
login-submit = Sign in

reason-again = The service asks you to confirm who you are before you go on.
reason-step-up = This procedure needs authentication level { $level }.
reason-step-up-party = { $party } needs authentication level { $level } for this procedure.

login-problem-username-missing = Enter your personal number or telephone number
login-problem-password-missing = Enter your password
login-problem-wrong = Your sign-in details are not right.
login-problem-wrong-advice = Check your personal number or telephone number and your password, then try again.
login-problem-disabled = This password has been switched off after too many wrong attempts.
login-problem-disabled-advice = Take your identity card to your commune police to get a new password.

account-not-activated = Your account has not been activated.
account-not-activated-advice = Activate it in the identification app. If more than 7 days have passed since you were told, call the help line.
account-locked-by-holder = Your account is locked because you asked for it.
account-locked-by-holder-advice = To unlock it, send a request in the identification app or visit your commune police.
account-locked-by-authority = Your account is locked.
account-locked-by-authority-advice = Contact your commune police to learn why and how to unlock it.
account-card-expired = Your identity card has expired, so your account is locked for now.
account-card-expired-advice = Apply for a new card. Your account unlocks itself when you have it.
account-guardian-needed = This needs the consent of your guardian or representative.
account-guardian-needed-advice = Ask them to confirm with their own account, then sign in again.
account-too-weak = Your password is too short to sign in with on its own.
account-too-weak-advice = Take your identity card to the police of your commune to set a longer password or to add an authenticator app.
account-closed = This account cannot be used.
account-closed-advice = If you think this is a mistake, take your identity papers to your commune police.

totp-title = Enter your code
totp-code = Code
totp-code-hint = The 6 digits your authenticator app shows now
totp-submit = Confirm
totp-help = The code does not work?
totp-help-clock = Let your telephone set its date and time automatically: the code depends on the clock.
totp-help-lost = If you have lost your telephone, visit your commune police to register again.
totp-problem-missing = Enter the code
totp-problem-malformed = The code has exactly 6 digits
totp-problem-wrong = The code is wrong or has expired. Enter the one shown now.
totp-problem-disabled = This authenticator app has been switched off after too many wrong codes.
totp-problem-disabled-advice = Take your identity card to your commune police to register again.

select-title = Choose an account
select-another = Use another account

logout-title = Do you want to sign out?
logout-asked = { $party } asks to sign you out.
logout-everywhere = You will be signed out of every service you opened in this browser.
logout-list = You will be signed out of:
logout-yes = Sign out
logout-no = No, stay signed in
logged-out-title = You have signed out
logged-out-plain = Your session in this browser has ended.
logged-out-told = We have told these services:
logged-out-shared = If others use this device too, close all browser windows.
told-logged-out = Signed out
told-not-reached = Could not be reached
way-back = Return to { $party }

choose-title = Choose how to confirm
other-ways = Another way
method-password = Password
method-password-takes = Your personal number and your password
method-totp = Authenticator app
method-totp-takes = The 6-digit code on your telephone
method-recovery-code = Recovery code
method-recovery-code-takes = A code you printed or wrote down; each works once

recovery-title = Enter a recovery code
recovery-code = Recovery code
recovery-code-hint = 25 letters and digits in 5 groups, in capitals or not. Each code works once.
recovery-submit = Confirm
recovery-problem-missing = Enter a recovery code
recovery-problem-malformed = A recovery code has 25 letters and digits
recovery-problem-wrong = The code is wrong or has been used. Use another one.
recovery-problem-disabled = These recovery codes have been switched off after too many wrong attempts.

method-sms-code-takes = A 6-digit code to your registered telephone
method-email-code-takes = A 6-digit code to your registered e-mail address
message-title-sms = Code by SMS
message-title-email = Code by e-mail
message-will-send = We will send a 6-digit code to { $address }.
message-send = Send the code
message-send-again = Send another code
message-sent-to = A code was sent to { $address }. It works for 10 minutes.
message-code = Code in the message
message-code-hint = 6 digits. The message says what the code is for: read it before you type.
message-nobody = Give this code to nobody. No authority will ever call and ask for it.
message-problem-missing = Enter the code in the message
message-problem-malformed = The code has exactly 6 digits
message-problem-wrong = The code is wrong, too old or has been used. Type it again or get another one.
message-problem-disabled = Codes by message have been switched off after too many wrong attempts.
message-problem-too-many = Too many codes were sent within an hour. Wait and try again, or use another way.
message-problem-not-sent = The code could not be sent. Try again later, or use another way.

recover-link = Forgotten your password?
recover-title = Set a new password
recover-lead = We send codes to your registered telephone and e-mail address.
recover-send = Send the codes
recover-problem-name = A personal number has 12 digits; a telephone number has 10
recover-codes-title = Enter the codes you received
recover-codes-lead = If the account exists, codes were sent to its verified telephone and e-mail address. Enter both, or one of them with your authenticator app or a recovery code.
recover-sms = Code in the SMS
recover-email = Code in the e-mail
recover-totp = Code in your authenticator app
recover-again = Start again
recover-police = If you can use none of these, go to the commune police with your identity card.
recover-problem-codes = The codes are not enough or not right.
recover-problem-codes-advice = Check them. Codes from two different places are needed.
recover-password-title = Choose a new password
recover-ends-sessions = All sessions will end. Some services can be used again only after 24 hours.
recover-set = Set the password
recovered-title = Your new password is set
recovered-lead = Sign in with the new password. A notice was sent to your addresses.

outbox-title = Outbox (development)
outbox-lead = Messages that would have been sent, newest first.
