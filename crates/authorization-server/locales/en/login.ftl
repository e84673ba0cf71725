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
account-locked-by-holder-advice = You can unlock it yourself by signing in with two factors. If you no longer have both, visit your commune police.
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

method-app = vneid app
method-app-takes = Scan a QR code with the phone that is paired with your account

app-title = Log in with the app
app-scan = Open the vneid app on your phone and scan this code.
app-scan-holder = Open the vneid app on your phone. The request may be waiting there; if you do not see it, scan this code.
app-picture-alt = QR code for the vneid app, a new one every 5 seconds
app-open-here = The app is on this very device
app-warning = Scan a code only if you have just pressed log in yourself. Never scan a code that somebody sent you.
app-type-number = Type this number in the app
app-number-warning = Do not read this number out to anybody.
app-denied = The request was refused on the phone.
app-over = The code has expired, or the number was wrong.
app-new-code = Show a new code
app-needs-script = This way needs JavaScript. You can choose another one.
app-problem-not-approved = The phone has not confirmed, or too long ago. Please try again.
app-problem-account = This account cannot be used now.
login-with-app = Scan a QR code
