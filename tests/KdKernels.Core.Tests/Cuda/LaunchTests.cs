namespace KdKernels.Core.Tests;

/// <summary>Contexts, devices, faults and KD_SYNC.</summary>
public class LaunchTests
{
    private const string Geometry =
        "kernel TemperedKl/float32-warp-4, 1 blocks of 256 threads with 128 bytes of shared memory, cuda:0 (Fake GPU)";

    private readonly FakeDriver driver = new();

    [Fact]
    public void A_launch_goes_to_the_queues_stream_and_waits_for_nothing()
    {
        var queue = new FakeQueue(driver);
        CudaCall.Forward(queue);
        Assert.Equal(queue.Stream, driver.Launched.Stream);
        Assert.Equal(new CudaGrid(1, 256), driver.Launched.Grid);
        Assert.Equal(0, driver.Synchronized);
    }

    [Fact]
    public void The_callers_context_is_current_again_afterwards()
    {
        CudaCall.Forward(new FakeQueue(driver));
        Assert.Equal(0, driver.Depth);
    }

    [Theory]
    [InlineData("cuModuleLoadDataEx")]
    [InlineData("cuModuleGetFunction")]
    [InlineData("cuLaunchKernel")]
    [InlineData("cuCtxPushCurrent")]
    [InlineData("cuStreamIsCapturing")]
    public void The_callers_context_is_current_again_after_a_failure(string call)
    {
        driver.Failing[call] = CudaResult.IllegalAddress;
        var e = Assert.Throws<CudaException>(() => CudaCall.Forward(new FakeQueue(driver)));
        Assert.StartsWith($"{call} failed with NAME_700 (700, text 700): ", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, driver.Depth);
    }

    [Fact]
    public void A_failed_pop_does_not_hide_why_a_launch_failed()
    {
        driver.Failing["cuLaunchKernel"] = driver.Failing["cuCtxPopCurrent"] = CudaResult.IllegalAddress;
        var e = Assert.Throws<CudaException>(() => CudaCall.Forward(new FakeQueue(driver)));
        Assert.StartsWith("cuLaunchKernel", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_launch_names_the_kernel_and_its_geometry()
    {
        driver.Failing["cuLaunchKernel"] = (CudaResult)701;
        var e = Assert.Throws<CudaException>(() => CudaCall.Forward(new FakeQueue(driver)));
        Assert.Equal($"cuLaunchKernel failed with NAME_701 (701, text 701): {Geometry}", e.Message);
    }

    [Fact]
    public void A_fault_that_an_earlier_launch_may_have_made_is_said_to_be_so()
    {
        driver.Failing["cuLaunchKernel"] = CudaResult.IllegalAddress;
        var e = Assert.Throws<CudaException>(() => CudaCall.Forward(new FakeQueue(driver)));
        Assert.Equal(
            $"cuLaunchKernel failed with NAME_700 (700, text 700): {Geometry}; an earlier launch may have faulted: "
            + "run again with KD_SYNC=1 to see which",
            e.Message);
    }

    [Fact]
    public void A_capture_that_forbids_a_call_gets_advice()
    {
        driver.Failing["cuModuleLoadDataEx"] = CudaResult.CaptureUnsupported;
        var e = Assert.Throws<CudaException>(() => CudaCall.Forward(new FakeQueue(driver)));
        Assert.EndsWith(
            "; a graph is being captured: call the op once before the capture, or KdCuda.Preload",
            e.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void With_KD_SYNC_every_launch_is_waited_for_before_and_after()
    {
        CudaCall.Forward(new FakeQueue(driver, synchronises: true));
        Assert.Equal(2, driver.Synchronized);
    }

    [Fact]
    public void With_KD_SYNC_the_kernel_that_faulted_is_named()
    {
        driver.SynchronizeResults.Enqueue(CudaResult.Success);
        driver.SynchronizeResults.Enqueue(CudaResult.MisalignedAddress);
        var e = Assert.Throws<CudaException>(() => CudaCall.Forward(new FakeQueue(driver, synchronises: true)));
        Assert.Equal(
            $"cuStreamSynchronize failed with NAME_716 (716, text 716): {Geometry}; found by KD_SYNC=1", e.Message);
        Assert.Equal(0, driver.Depth);
    }

    [Fact]
    public void With_KD_SYNC_a_fault_of_somebody_else_is_not_blamed_on_the_kernel()
    {
        driver.SynchronizeResults.Enqueue(CudaResult.IllegalAddress);
        var e = Assert.Throws<CudaException>(() => CudaCall.Forward(new FakeQueue(driver, synchronises: true)));
        Assert.EndsWith("; an earlier launch faulted, before this one", e.Message, StringComparison.Ordinal);
        Assert.Empty(driver.Launches);
    }

    [Fact]
    public void With_KD_SYNC_a_capture_is_not_waited_for()
    {
        var queue = new FakeQueue(driver, synchronises: true);
        CudaCall.Forward(queue);
        queue.Captures = true;
        CudaCall.Forward(queue);
        Assert.Equal(2, driver.Synchronized);
        Assert.Equal(2, driver.Launches.Count);
    }

    [Fact]
    public void Each_device_has_its_own_context_modules_and_size()
    {
        var two = new FakeDriver
        {
            Devices = [new FakeDevice(), new FakeDevice(Capability: 80, Multiprocessors: 2, Resident: 1)],
        };
        var runtime = new CudaRuntime(two, TinyKernels.Library());
        Large(new FakeQueue(runtime));
        Large(new FakeQueue(runtime) { Ordinal = 1 });
        Large(new FakeQueue(runtime));
        Assert.Equal([0, 1, 0], two.Launches.Select(launch => launch.Device));
        Assert.Equal([528, 2, 528], two.Launches.Select(launch => launch.Grid.Blocks));
        Assert.Equal(2, two.Loaded.Count);

        static void Large(FakeQueue queue)
        {
            KdDevice device = KdDevice.Cuda(queue.Device);
            TemperedKl.Forward(
                CudaView.Rows(0, 1 << 20, 100) with { Device = device },
                CudaView.Rows(1, 1 << 20, 100) with { Device = device },
                new TemperedKlSettings(4, KdReduction.Sum),
                CudaView.Scalar(3) with { Device = device },
                queue);
        }
    }

    [Fact]
    public void Says_which_devices_there_are()
    {
        var e = Assert.Throws<ArgumentOutOfRangeException>(
            () => CudaCall.Forward(new FakeQueue(driver) { Ordinal = 1 }));
        Assert.Contains("expected a CUDA device below 1 but got cuda:1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_is_too_old_is_refused_and_no_context_is_made_on_it()
    {
        var old = new FakeDriver { Devices = [new FakeDevice(Capability: 70)] };
        old.Failing["cuDevicePrimaryCtxRetain"] = (CudaResult)1;
        var e = Assert.Throws<NotSupportedException>(() => CudaCall.Forward(new FakeQueue(old)));
        Assert.Equal(
            "expected a device of compute capability 7.5 or higher but got cuda:0 (Fake GPU) of 7.0; compute on the "
            + "CPU there",
            e.Message);
    }

    [Fact]
    public void A_call_that_failed_leaves_the_device_usable()
    {
        var queue = new FakeQueue(driver);
        driver.Failing["cuLaunchKernel"] = (CudaResult)701;
        Assert.Throws<CudaException>(() => CudaCall.Forward(queue));
        driver.Failing.Clear();
        CudaCall.Forward(queue);
        Assert.Single(driver.Launches);
    }
}
