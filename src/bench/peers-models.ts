/** A published network that both programs have. */
export interface PeerModel {
  /** How the command line names it. */
  readonly name: string;
  readonly title: string;
  /** In the folder of published models, without ending. */
  readonly file: string;
  /** sr-vulkan's name. */
  readonly peerName: string;
}

export const PEER_MODELS: readonly PeerModel[] = [
  {
    name: "upconv7",
    title: "waifu2x upconv7, noise 0",
    file: "waifu2x-upconv7-anime/noise0_scale2.0x_model",
    peerName: "WAIFU2X_ANIME_UP2X_DENOISE0X",
  },
  {
    name: "cunet",
    title: "waifu2x cunet, noise 0",
    file: "waifu2x-cunet/noise0_scale2.0x_model",
    peerName: "WAIFU2X_CUNET_UP2X_DENOISE0X",
  },
  {
    name: "realcugan",
    title: "Real-CUGAN se 2x, conservative",
    file: "realcugan-se/up2x-conservative",
    peerName: "REALCUGAN_SE_UP2X_CONSERVATIVE",
  },
];
