// Presses the button for the reader. Without scripts the button is pressed by hand.
document.getElementById("form-post").submit();
