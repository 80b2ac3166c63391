namespace TorchSharp;

public static partial class torch
{
    /// <summary>A stream of random numbers on one device. The same seed gives the same bits.</summary>
    public unsafe class Generator : IDisposable
    {
        private nint handle;

        public Generator(ulong seed = 0, Device? device = null)
        {
            this.device = device ?? CPU;
            handle = Created(NativeApi.kd_generator_create(unchecked((long)seed), this.device.NativeCode));
        }

        private Generator(nint handle, Device device)
        {
            this.handle = handle;
            this.device = device;
        }

        ~Generator() => Dispose(false);

        /// <summary>The GeneratorImpl*.</summary>
        public IntPtr Handle => handle != 0 ? handle : throw new ObjectDisposedException(nameof(Generator));

        public Device device { get; }

        /// <summary>The CPU's generator, which operators use when none is given.</summary>
        public static Generator Default => DefaultOf(CPU);

        internal static Generator DefaultOf(Device device) =>
            new(Created(NativeApi.kd_generator_default(device.NativeCode)), device);

        public Generator manual_seed(long seed)
        {
            NativeApi.Check(NativeApi.kd_generator_set_seed(Handle, seed));
            GC.KeepAlive(this);
            return this;
        }

        /// <summary>Seeds it from the system's entropy and returns that seed.</summary>
        public long seed()
        {
            long value;
            NativeApi.Check(NativeApi.kd_generator_seed(Handle, &value));
            GC.KeepAlive(this);
            return value;
        }

        public long initial_seed()
        {
            long value;
            NativeApi.Check(NativeApi.kd_generator_initial_seed(Handle, &value));
            GC.KeepAlive(this);
            return value;
        }

        public Tensor get_state()
        {
            nint state;
            NativeApi.Check(NativeApi.kd_generator_get_state(Handle, &state));
            GC.KeepAlive(this);
            return new Tensor(state);
        }

        public void set_state(Tensor value)
        {
            ArgumentNullException.ThrowIfNull(value);
            NativeApi.Check(NativeApi.kd_generator_set_state(Handle, value.Handle));
            GC.KeepAlive(this);
            GC.KeepAlive(value);
        }

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            nint released = Interlocked.Exchange(ref handle, 0);
            if (released != 0) NativeApi.kd_generator_release(released);
        }

        private static nint Created(nint handle)
        {
            if (handle == 0) NativeApi.ThrowLastError();
            return handle;
        }
    }

    /// <summary>Seeds the generators of every device and returns the CPU's.</summary>
    public static Generator manual_seed(long seed) => random.manual_seed(seed);

    /// <summary>
    /// Seeds the CPU's generator from the system's entropy, the others with the same seed, and returns it.
    /// </summary>
    public static long seed() => random.seed();

    public static Tensor get_rng_state() => random.get_rng_state();

    public static void set_rng_state(Tensor new_state) => random.set_rng_state(new_state);

    /// <summary>The generators of all devices.</summary>
    public static class random
    {
        public static Generator manual_seed(long seed)
        {
            NativeApi.Check(NativeApi.kd_manual_seed(seed));
            return Generator.Default;
        }

        public static long seed()
        {
            using var generator = Generator.Default;
            long value = generator.seed();
            NativeApi.Check(NativeApi.kd_manual_seed(value));
            return value;
        }

        public static long initial_seed()
        {
            using var generator = Generator.Default;
            return generator.initial_seed();
        }

        public static Tensor get_rng_state()
        {
            using var generator = Generator.Default;
            return generator.get_state();
        }

        public static void set_rng_state(Tensor new_state)
        {
            using var generator = Generator.Default;
            generator.set_state(new_state);
        }
    }
}
