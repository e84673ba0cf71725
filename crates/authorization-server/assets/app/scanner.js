// Reads QR codes with the camera, where the browser can.

export const canScan = () => "BarcodeDetector" in window && Boolean(navigator.mediaDevices);

/** Shows the camera in `video` until a code is seen; answers its text, or null when stopped. */
export async function scan(video, stopped) {
  const camera = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment" },
  });
  try {
    video.srcObject = camera;
    await video.play();
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    while (!stopped()) {
      const [found] = await detector.detect(video);
      if (found) return found.rawValue;
      await new Promise((resume) => setTimeout(resume, 150));
    }
    return null;
  } finally {
    for (const track of camera.getTracks()) track.stop();
    video.srcObject = null;
  }
}
