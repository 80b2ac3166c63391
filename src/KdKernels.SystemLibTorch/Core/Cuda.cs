namespace TorchSharp;

public static partial class torch
{
    /// <summary>CUDA devices; answers "none" where libtorch or the machine has none.</summary>
    public static class cuda
    {
        public static bool is_available() => NativeApi.kd_cuda_available() != 0;

        public static int device_count() => NativeApi.kd_cuda_count();

        /// <summary>Waits for everything queued on the device, the current one for null.</summary>
        public static void synchronize(Device? device = null) =>
            NativeApi.Check(NativeApi.kd_cuda_synchronize(device?.index ?? -1));

        /// <summary>Seeds the current CUDA device's generator. Without CUDA there is nothing to seed.</summary>
        public static void manual_seed(long seed)
        {
            if (!is_available()) return;
            using var generator = Generator.DefaultOf(CUDA);
            _ = generator.manual_seed(seed);
        }

        /// <summary>Seeds every CUDA device's generator. Without CUDA there is nothing to seed.</summary>
        public static void manual_seed_all(long seed)
        {
            for (int i = 0; i < device_count(); i++)
            {
                using var generator = Generator.DefaultOf(new Device(DeviceType.CUDA, i));
                _ = generator.manual_seed(seed);
            }
        }
    }

    public static int get_num_threads() => NativeApi.kd_get_num_threads();

    public static void set_num_threads(int num) => NativeApi.Check(NativeApi.kd_set_num_threads(num));

    public static int get_num_interop_threads() => NativeApi.kd_get_num_interop_threads();

    public static void set_num_interop_threads(int num) => NativeApi.Check(NativeApi.kd_set_num_interop_threads(num));

    /// <summary>The version of the libtorch in use.</summary>
    public static unsafe string __version__ => NativeApi.Text(NativeApi.kd_torch_version());
}
