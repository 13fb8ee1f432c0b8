// Runs before anything is drawn, so that the chosen theme does not flash.
try {
  const theme = localStorage.getItem('quire-theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // A browser that keeps nothing: the system's theme.
}
