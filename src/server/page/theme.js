// Runs before anything is drawn, so that the chosen theme does not flash.
const chosen_theme = localStorage.getItem('quire-theme');
if (chosen_theme === 'light' || chosen_theme === 'dark') document.documentElement.dataset.theme = chosen_theme;
