using System.Text;

namespace KdKernels.Core.Tests;

/// <summary>Loading kernels: once, never in a capture, and what is said when it fails.</summary>
public class ModuleTests
{
    private readonly FakeDriver driver = new();

    [Fact]
    public void A_kernel_is_loaded_when_it_is_first_needed_and_then_kept()
    {
        var queue = new FakeQueue(driver);
        Assert.Empty(driver.Loaded);
        CudaCall.Forward(queue);
        CudaCall.Forward(queue);
        Assert.Equal(TinyKernels.Ptx("TemperedKl_float32_warp_4"), Assert.Single(driver.Loaded));
        Assert.Equal(2, driver.Launches.Count);
    }

    [Fact]
    public void Threads_that_need_kernels_at_once_load_each_once()
    {
        var slow = new FakeDriver { LoadTime = TimeSpan.FromMilliseconds(2) };
        var runtime = new CudaRuntime(slow, TinyKernels.Library());
        const int threads = 8;
        using var start = new Barrier(threads);
        Thread[] all =
        [
            .. Enumerable.Range(0, threads).Select(_ => new Thread(() =>
            {
                start.SignalAndWait();
                runtime.Device(0).Preload();
                CudaCall.Forward(new FakeQueue(runtime));
            })),
        ];
        foreach (Thread thread in all) thread.Start();
        foreach (Thread thread in all) thread.Join();
        Assert.Equal(73, slow.Loaded.Count);
        Assert.Equal(73, slow.Loaded.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(threads, slow.Launches.Count);
    }

    [Fact]
    public void Nothing_is_loaded_while_the_queue_captures_a_graph()
    {
        var e = Assert.Throws<InvalidOperationException>(
            () => CudaCall.Forward(new FakeQueue(driver) { Captures = true }));
        Assert.Equal(
            "kernel TemperedKl/float32-warp-4 is not loaded on cuda:0 (Fake GPU) yet, and nothing can be loaded while "
            + "a graph is being captured; call the op once with operands like these before the capture, or "
            + "KdCuda.Preload(0)",
            e.Message);
        Assert.Empty(driver.Loaded);
        Assert.Equal(0, driver.Depth);
    }

    [Fact]
    public void Nothing_is_loaded_while_the_stream_captures_without_the_queue_knowing()
    {
        driver.Capturing = true;
        Assert.Throws<InvalidOperationException>(() => CudaCall.Forward(new FakeQueue(driver)));
        Assert.Empty(driver.Loaded);
    }

    [Fact]
    public void What_was_loaded_before_can_be_captured()
    {
        var queue = new FakeQueue(driver);
        CudaCall.Forward(queue);
        driver.Capturing = queue.Captures = true;
        CudaCall.Forward(queue);
        Assert.Equal(2, driver.Launches.Count);
    }

    [Fact]
    public void Preloading_loads_every_kernel_so_that_all_can_be_captured()
    {
        var runtime = new CudaRuntime(driver, TinyKernels.Library());
        runtime.Device(0).Preload();
        // Three ops, three types, eight variants, and the count.
        Assert.Equal(73, driver.Loaded.Count);
        runtime.Device(0).Preload();
        Assert.Equal(73, driver.Loaded.Count);
        driver.Capturing = true;
        CudaCall.Forward(new FakeQueue(runtime));
        Assert.Single(driver.Launches);
        Assert.Equal(0, driver.Depth);
    }

    [Theory]
    [InlineData("7.8", 11080, "11.8", 11070, "11.7")]
    [InlineData("8.3", 12030, "12.3", 11080, "11.8")]
    [InlineData("6.4", 10010, "10.1", 9020, "9.2")]
    public void A_driver_too_old_for_the_text_is_named_with_the_one_that_is_needed(
        string version, int needed, string neededName, int found, string foundName)
    {
        PtxLibrary kernels = TinyKernels.Library(version);
        var old = new FakeDriver { Version = found };
        var e = Assert.Throws<NotSupportedException>(() => CudaCall.Forward(new FakeQueue(old, kernels)));
        Assert.Equal(
            $"expected an NVIDIA driver for CUDA {neededName} or newer, which the PTX of kernel "
            + $"TemperedKl/float32-warp-4 needs, but got one for CUDA {foundName}; update the driver",
            e.Message);
        Assert.Empty(old.Loaded);

        var enough = new FakeDriver { Version = needed };
        CudaCall.Forward(new FakeQueue(enough, kernels));
        Assert.Single(enough.Launches);
    }

    [Fact]
    public void A_driver_that_says_so_itself_gets_the_same_sentence()
    {
        driver.Failing["cuModuleLoadDataEx"] = CudaResult.UnsupportedPtxVersion;
        var e = Assert.Throws<NotSupportedException>(() => CudaCall.Forward(new FakeQueue(driver)));
        Assert.Contains("for CUDA 11.8 or newer", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_drivers_compiler_said_is_in_the_message()
    {
        var strict = new FakeDriver { CompilerLog = "ptxas error: line 7" };
        strict.Failing["cuModuleLoadDataEx"] = CudaResult.InvalidPtx;
        var e = Assert.Throws<CudaException>(() => CudaCall.Forward(new FakeQueue(strict)));
        int bytes = TinyKernels.Ptx("TemperedKl_float32_warp_4").Length;
        Assert.Equal(
            $"cuModuleLoadDataEx failed with NAME_218 (218, text 218): {bytes} bytes of PTX for kernel "
            + "TemperedKl/float32-warp-4, cuda:0 (Fake GPU); the driver's compiler says: ptxas error: line 7",
            e.Message);
        Assert.Equal((218, "NAME_218"), (e.Code, e.Name));
    }

    [Fact]
    public void Out_of_memory_says_how_much_there_is()
    {
        driver.Failing["cuModuleLoadDataEx"] = CudaResult.OutOfMemory;
        var e = Assert.Throws<CudaException>(() => CudaCall.Forward(new FakeQueue(driver)));
        Assert.EndsWith(
            "; 1000 of the device's 16000 bytes are free", e.Message, StringComparison.Ordinal);
        driver.Failing["cuMemGetInfo"] = (CudaResult)999;
        e = Assert.Throws<CudaException>(() => CudaCall.Forward(new FakeQueue(driver)));
        Assert.EndsWith("; the device's memory is taken; see `nvidia-smi`", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_load_is_tried_again()
    {
        var queue = new FakeQueue(driver);
        driver.Failing["cuModuleLoadDataEx"] = CudaResult.OutOfMemory;
        Assert.Throws<CudaException>(() => CudaCall.Forward(queue));
        driver.Failing.Clear();
        CudaCall.Forward(queue);
        Assert.Single(driver.Launches);
    }

    [Theory]
    [InlineData("cuModuleGetFunction", "entry TemperedKl_float32_warp_4 of kernel TemperedKl/float32-warp-4")]
    [InlineData("cuOccupancyMaxActiveBlocksPerMultiprocessor", "kernel TemperedKl/float32-warp-4")]
    public void A_module_that_cannot_be_used_is_unloaded(string call, string subject)
    {
        driver.Failing[call] = (CudaResult)500;
        var e = Assert.Throws<CudaException>(() => CudaCall.Forward(new FakeQueue(driver)));
        Assert.Equal($"{call} failed with NAME_500 (500, text 500): {subject}, cuda:0 (Fake GPU)", e.Message);
        Assert.Single(driver.Unloaded);
    }

    [Fact]
    public void A_kernel_that_no_multiprocessor_holds_is_refused()
    {
        var small = new FakeDriver { Devices = [new FakeDevice(Resident: 0)] };
        var e = Assert.Throws<NotSupportedException>(() => CudaCall.Forward(new FakeQueue(small)));
        Assert.Equal(
            "expected a device that holds a block of 256 threads with 128 bytes of shared memory of kernel "
            + "TemperedKl/float32-warp-4 but got cuda:0 (Fake GPU)",
            e.Message);
        Assert.Single(small.Unloaded);
    }

    [Fact]
    public void A_text_that_is_not_the_one_of_the_manifest_is_not_loaded()
    {
        PtxLibrary changed = TinyKernels.Library(
            spoil: files => files["TemperedKl/float32-warp-4.ptx"] = Encoding.UTF8.GetBytes(TinyKernels.Ptx("other")));
        var e = Assert.Throws<InvalidDataException>(() => CudaCall.Forward(new FakeQueue(driver, changed)));
        Assert.Matches(
            "^expected TemperedKl/float32-warp-4.ptx with SHA-256 [0-9a-f]{64} but got [0-9a-f]{64}$", e.Message);

        PtxLibrary missing = TinyKernels.Library(spoil: files => files.Remove("TemperedKl/float32-warp-4.ptx"));
        e = Assert.Throws<InvalidDataException>(() => CudaCall.Forward(new FakeQueue(driver, missing)));
        Assert.Equal("the kernel manifest lists TemperedKl/float32-warp-4.ptx, which is missing", e.Message);
        Assert.Empty(driver.Loaded);
    }

    [Fact]
    public void The_committed_kernels_are_what_the_manifest_says_and_an_sm_90_runs_them_all()
    {
        CudaDevice device = new CudaRuntime(driver, PtxLibrary.Embedded).Device(0);
        device.Preload();
        Assert.Equal(PtxLibrary.Embedded.Count, driver.Loaded.Count);
        foreach (PtxKernel kernel in PtxLibrary.Embedded.Manifest.Stems.SelectMany(stem => stem.Kernels))
        {
            string ptx = PtxLibrary.Embedded.Text(kernel);
            Assert.Contains($".entry {kernel.Entry}(", ptx, StringComparison.Ordinal);
            Assert.Contains($".target {kernel.Target}", ptx, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("{ broken", "the kernel manifest is broken: ")]
    [InlineData("{\"format\":2,\"compiler\":\"x\",\"stems\":[]}", "expected a kernel manifest of format 1 but got 2")]
    [InlineData("null", "expected a kernel manifest of format 1 but got ")]
    public void A_manifest_that_cannot_be_read_is_refused(string json, string message)
    {
        PtxLibrary kernels = TinyKernels.Library(spoil: files => files["manifest.json"] = Encoding.UTF8.GetBytes(json));
        var e = Assert.Throws<InvalidDataException>(() => CudaCall.Forward(new FakeQueue(driver, kernels)));
        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_build_without_kernels_says_so()
    {
        PtxLibrary none = TinyKernels.Library(spoil: files => files.Clear());
        var e = Assert.Throws<NotSupportedException>(() => CudaCall.Forward(new FakeQueue(driver, none)));
        Assert.Equal(PtxLibrary.NoKernels, e.Message);
        Assert.Equal(0, none.Count);
        Assert.Equal(73, TinyKernels.Library().Count);
    }
}
