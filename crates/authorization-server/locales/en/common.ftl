# Shared by all pages.
service-name = Electronic identification
skip-to-content = Skip to main content
footer-warning = Never tell anyone your password or your codes, not even somebody who says they are an official.
languages-label = Language
cancel = Cancel

problem-word = Error
problem-title = That did not work
problem-try-again-in = You have tried too many times. Try again in { $wait }.
problem-session-expired = Your session has expired. Sign in again.

wait-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
wait-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
wait-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
day = { $day } { $month } { $year }
month = { $count ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
moment = { $day } at { $clock }

party-label = Who is asking
party-purpose = Purpose: { $purpose }

account-level-1 = Level 1
account-level-2 = Level 2
authentication-level-1 = Level 1: one factor
authentication-level-2 = Level 2: two different factors
authentication-level-3 = Level 3: with biometrics
authentication-level-4 = Level 4: biometrics, something you have and a password

data-full-name = Full name
data-date-of-birth = Date of birth
data-sex = Sex
data-nationality = Nationality
data-verification = How, when and by which kind of document your identity was verified
data-personal-number = Personal identification number
data-former-numbers = Former identification numbers
data-identity-card = Status and validity of your identity card
data-residence = Place of residence
data-origin = Place of origin
data-phone = Telephone number
data-email = Email address
data-account-level = Level of your identification account
data-guardian = Guardian or representative
