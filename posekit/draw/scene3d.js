// Turns and plays the scenes of scene3d.py. Everything it needs is in the page: no library, no network.
// It starts every scene that is not running yet, so it does no harm to have it in a page more than once.
(() => {
  const GAP = -32768; // a point that is not there

  function numbers(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return new Int16Array(bytes.buffer);
  }

  function start(root) {
    const scene = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    const canvas = root.querySelector("canvas");
    const button = root.querySelector("button");
    const slider = root.querySelector("input");
    const clock = root.querySelector("output");
    const pen = canvas.getContext("2d");
    const parts = scene.parts.map((part) => ({ ...part, points: numbers(part.points) }));
    const view = { ...scene.view, zoom: 1 };
    let frame = 0;
    let started = null; // when, and at which frame, it was set playing

    // Millimetres to canvas pixels, from far away: turned by the azimuth about the vertical, then tilted.
    function onCanvas(part, t, n) {
      const at = 3 * ((part.frames > 1 ? t : 0) * part.count + n);
      if (part.points[at] === GAP) return null;
      const [x, y, z] = [0, 1, 2].map((i) => part.points[at + i] * scene.unit - scene.centre[i]);
      const a = (view.azimuth * Math.PI) / 180;
      const e = (view.elevation * Math.PI) / 180;
      const right = -Math.sin(a) * x + Math.cos(a) * y;
      const up = -Math.sin(e) * (Math.cos(a) * x + Math.sin(a) * y) + Math.cos(e) * z;
      const size = (view.zoom * Math.min(canvas.width, canvas.height)) / (2 * scene.reach);
      return [canvas.width / 2 + size * right, canvas.height / 2 - size * up];
    }

    function draw() {
      const scale = canvas.width / canvas.clientWidth || 1;
      pen.clearRect(0, 0, canvas.width, canvas.height);
      for (const part of parts) {
        pen.strokeStyle = pen.fillStyle = part.colour;
        pen.lineWidth = part.width * scale;
        pen.setLineDash(part.dash.map((length) => length * scale));
        pen.beginPath();
        for (const [i, j] of part.edges) {
          const [p, q] = [onCanvas(part, frame, i), onCanvas(part, frame, j)];
          if (p && q) {
            pen.moveTo(...p);
            pen.lineTo(...q);
          }
        }
        pen.stroke();
        for (let n = 0; part.dot && n < part.count; n++) {
          const p = onCanvas(part, frame, n);
          if (p) {
            pen.beginPath();
            pen.arc(...p, part.dot * scale, 0, 2 * Math.PI);
            pen.fill();
          }
        }
      }
      slider.value = frame;
      clock.textContent = scene.frames > 1 ? (frame / scene.fps).toFixed(2) + " s" : "";
    }

    function show(t) {
      frame = Math.max(0, Math.min(scene.frames - 1, t));
      draw();
    }

    function pause() {
      started = null;
      button.textContent = "▶ play";
    }

    function tick(now) {
      if (started === null || !root.isConnected) return;
      const t = started.frame + Math.floor(((now - started.time) / 1000) * scene.fps);
      show(t);
      if (t >= scene.frames) pause();
      else requestAnimationFrame(tick);
    }

    function toggle() {
      if (scene.frames < 2) return;
      if (started !== null) return pause();
      started = { frame: frame + 1 < scene.frames ? frame : 0, time: performance.now() };
      button.textContent = "❚❚ pause";
      requestAnimationFrame(tick);
    }

    function turn(azimuth, elevation) {
      view.azimuth += azimuth;
      view.elevation = Math.max(-90, Math.min(90, view.elevation + elevation));
      draw();
    }

    function zoom(factor) {
      view.zoom = Math.max(0.3, Math.min(12, view.zoom * factor));
      draw();
    }

    function step(by) {
      pause();
      show(frame + by);
    }

    const keys = {
      ArrowLeft: () => turn(5, 0),
      ArrowRight: () => turn(-5, 0),
      ArrowUp: () => turn(0, 5),
      ArrowDown: () => turn(0, -5),
      "+": () => zoom(1.15),
      "-": () => zoom(1 / 1.15),
      " ": toggle,
      ",": () => step(-1),
      ".": () => step(1),
    };
    canvas.addEventListener("keydown", (event) => {
      if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey) return;
      keys[event.key]();
      event.preventDefault(); // and no notebook or page acts on the key as well
      event.stopPropagation();
    });
    let grip = null;
    canvas.addEventListener("pointerdown", (event) => {
      grip = [event.clientX, event.clientY];
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (grip === null) return;
      turn((grip[0] - event.clientX) / 2, (event.clientY - grip[1]) / 2);
      grip = [event.clientX, event.clientY];
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (grip = null));
    canvas.addEventListener(
      "wheel",
      (event) => {
        if (document.activeElement !== canvas) return; // else the page scrolls
        zoom(Math.exp(-event.deltaY / 500));
        event.preventDefault();
      },
      { passive: false },
    );
    button.addEventListener("click", toggle);
    slider.addEventListener("input", () => {
      pause();
      show(Number(slider.value));
    });

    root.querySelector("img").hidden = true;
    root.querySelector("div").hidden = false;
    pause();
    draw();
  }

  for (const root of document.querySelectorAll(".posekit-scene:not([data-running])")) {
    root.dataset.running = "yes";
    start(root);
  }
})();
