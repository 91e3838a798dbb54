package avdecode

// formats are the demuxers that a file may reach: those whose input is the
// file itself. Playlists and scripts (concat, hls, dash, imf, ...) read what
// their text names, so they stay out. Sound formats are here to say "sound
// alone" rather than "unsupported".
const formats = "3dostr,4xm,aa,aac,ac3,aiff,amr,ape,apng,asf,asf_o,au,av1,avi,avs2,avs3,bmp_pipe," +
	"caf,cavsvideo,cine,dds_pipe,dirac,dnxhd,dpx_pipe,dsf,dts,dv,dxa,eac3,exr_pipe,ffmetadata," +
	"flac,flic,flv,gem_pipe,gif,gif_pipe,gsm,gxf,h261,h263,h264,hevc,ico,iff,image2,ingenient,ivf," +
	"j2k_pipe,jpeg_pipe,jpegls_pipe,jpegxl_pipe,kux,live_flv,loas,m4v," +
	"matroska,webm,mjpeg,mjpeg_2000,mlp,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpc,mpc8,mpeg,mpegts,mpegvideo,mpjpeg," +
	"mxf,nsv,nut,nuv,obu,ogg,oma,pam_pipe,pbm_pipe,pcx_pipe,pfm_pipe,pgm_pipe,pgmyuv_pipe,pgx_pipe,phm_pipe," +
	"png_pipe,ppm_pipe,psd_pipe,qcp,qdraw_pipe,qoi_pipe,rl2,rm,roq,sgi_pipe,smjpeg,smk,sox,sunrast_pipe," +
	"swf,tak,tiff_pipe,truehd,tta,vc1,vc1test,vob,voc,w64,wav,webp_pipe,wtv,wv,xbm_pipe,xpm_pipe,xwd_pipe,yuv4mpegpipe"
