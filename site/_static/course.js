// Names for the theme's buttons that have none.
for (const toggle of document.querySelectorAll(".bd-sidebar-primary summary"))
  toggle.setAttribute("aria-label", "Pages below " + toggle.closest("li").querySelector("a").textContent.trim());

// A formula that is wider than the screen scrolls by itself: let keys reach it.
addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  for (const formula of document.querySelectorAll('mjx-container[display="true"]'))
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
});
