// What runs in the browser: the link follows the filters, the title follows the page.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  costlens: {
    // The link of what is shown. Filters write themselves into it; the address bar is the truth.
    follow: function () {
      const given = dash_clientside.callback_context;
      const shown = arguments[arguments.length - 1];
      const query = new URLSearchParams(window.location.search);
      let changed = false;
      for (const one of given.inputs_list[2] || []) {
        if (one.value !== undefined && one.value !== null && one.value !== one.id.shown &&
            given.triggered.some((by) => by.prop_id.includes('"key":"' + one.id.key + '"'))) {
          if (one.value === "*") query.delete(one.id.key);  // all of them
          else query.set(one.id.key, one.value);
          changed = true;
        }
      }
      if (changed) {
        const address = window.location.pathname + "?" + query.toString();
        window.history.replaceState(window.history.state, "", address);
      }
      const link = window.location.pathname + window.location.search;
      return link === shown ? dash_clientside.no_update : link;
    },
    name: function (heading) {
      document.title = heading + " · CostLens";
      setTimeout(function () {
        // On a phone the page's name may stand beyond the edge of the navigation.
        const here = document.querySelector(".top nav a.here");
        if (here) here.parentNode.scrollLeft = here.offsetLeft - here.parentNode.offsetLeft - 60;
      }, 50);
      return heading;
    },
  },
});

// The name in a row of a grid leads to its page, a figure to its rows, without loading the app again.
const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
components.CostLensLink = function (props) {
  const field = props.colDef.field;
  const said = field + "_said" in props.data ? props.data[field + "_said"] : props.value;
  const link = props.data[field + "_link"];
  if (!link) {
    return React.createElement("span", null, said);
  }
  const follow = function (event) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) {
      return;
    }
    event.preventDefault();
    window.history.pushState({}, "", link);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  };
  const look = field + "_said" in props.data ? "to-rows" : undefined;
  const leads = React.createElement("a", { href: link, onClick: follow, className: look }, said);
  const under = props.data[field + "_under"];
  return under ? React.createElement("span", null, leads,
    React.createElement("span", { className: "under" }, under)) : leads;
};
