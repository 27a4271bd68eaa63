// When a login is over, the page that is open says so by going there.
(function () {
  const ask = window.fetch;
  window.fetch = function () {
    return ask.apply(this, arguments).then(function (answer) {
      if (answer.status === 401 && !window.location.pathname.startsWith("/login")) {
        const link = window.location.pathname + window.location.search;
        window.location.assign("/login?next=" + encodeURIComponent(link));
      }
      return answer;
    });
  };
})();
