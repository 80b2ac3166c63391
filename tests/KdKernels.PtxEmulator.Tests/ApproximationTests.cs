namespace KdKernels.PtxEmulator.Tests;

/// <summary>Approximate functions: near the true value, exact where a device is, and disturbed on request.</summary>
public sealed class ApproximationTests
{
    private static readonly float[] Arguments =
    [
        0.5f, 1, 2, 3, 0.1f, -0.1f, -3.7f, 10.3f, 1e-3f, 126.5f, -126.5f, 7.25f, 0.9999f, 1.0001f, 1e10f, 3e-20f,
        0, -0f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 1e-40f, -1e-40f, 128, -149, -150, -140,
        1.5e38f, 100, 0.7f, 0.3f, -5,
    ];

    private static float[] Run(string form, bool disturb = false, int seed = 0, float divisor = 3)
    {
        using var memory = new DeviceMemory();
        DeviceBuffer a = memory.Allocate(128, "a");
        DeviceBuffer b = memory.Allocate(128, "b");
        a.Write<float>(Arguments);
        string second = form.StartsWith("div", StringComparison.Ordinal) ? ", %f3" : "";
        string body = $"""
            add.u64 %rd5, %rd1, %rd4;
            add.u64 %rd6, %rd2, %rd4;
            ld.global.f32 %f1, [%rd5];
            mov.f32 %f3, 0f{BitConverter.SingleToUInt32Bits(divisor):X8};
            {form} %f2, %f1{second};
            st.global.f32 [%rd6], %f2;
            """;
        Ptx.Run(body, memory, new LaunchOptions { DisturbApproximations = disturb, Seed = seed }, "", a, b);
        return b.Read<float>(32);
    }

    [Theory]
    [InlineData("ex2.approx.f32")]
    [InlineData("ex2.approx.ftz.f32")]
    [InlineData("lg2.approx.f32")]
    [InlineData("lg2.approx.ftz.f32")]
    [InlineData("rcp.approx.ftz.f32")]
    [InlineData("rcp.approx.f32")]
    [InlineData("sqrt.approx.f32")]
    [InlineData("sqrt.approx.ftz.f32")]
    [InlineData("rsqrt.approx.f32")]
    [InlineData("rsqrt.approx.ftz.f32")]
    [InlineData("sin.approx.f32")]
    [InlineData("sin.approx.ftz.f32")]
    [InlineData("cos.approx.f32")]
    [InlineData("cos.approx.ftz.f32")]
    [InlineData("tanh.approx.f32")]
    [InlineData("div.approx.f32")]
    [InlineData("div.approx.ftz.f32")]
    [InlineData("div.full.f32")]
    [InlineData("div.full.ftz.f32")]
    public void Rounds_the_true_value(string form)
    {
        bool flush = form.Contains("ftz", StringComparison.Ordinal);
        float[] results = Run(form);
        for (int i = 0; i < 32; i++)
        {
            float x = flush && float.IsSubnormal(Arguments[i]) ? MathF.CopySign(0, Arguments[i]) : Arguments[i];
            float expected = (float)(form.Split('.')[0] switch
            {
                "ex2" => double.Exp2(x),
                "lg2" => Math.Log(x) / Math.Log(2),
                "rcp" => 1.0 / x,
                "sqrt" => Math.Sqrt(x),
                "rsqrt" => 1 / Math.Sqrt(x),
                "sin" => Math.Sin(x),
                "cos" => Math.Cos(x),
                "tanh" => Math.Tanh(x),
                _ => x / 3.0,
            });
            if (flush && float.IsSubnormal(expected))
                expected = MathF.CopySign(0, expected);
            if (float.IsNaN(expected))
                Assert.Equal(0x7fffffffu, BitConverter.SingleToUInt32Bits(results[i]));
            else if (results[i] != expected)
                Assert.InRange(Math.Abs(((double)results[i] / expected) - 1), 0, 1e-7);
        }
    }

    [Fact]
    public void Division_by_a_huge_divisor_is_not_scaled()
    {
        Assert.Equal(0, Run("div.approx.f32", divisor: 1e38f)[1]);
        Assert.Equal((float)(1 / (double)1e38f), Run("div.full.f32", divisor: 1e38f)[1]);
        Assert.True(float.IsNaN(Run("div.approx.f32", divisor: 1e38f)[18]));
    }

    [Theory]
    [InlineData("ex2.approx.ftz.f32", 2)]
    [InlineData("rsqrt.approx.f32", 2)]
    [InlineData("rcp.approx.ftz.f32", 1)]
    [InlineData("sqrt.approx.f32", 1)]
    [InlineData("div.approx.f32", 2)]
    public void Disturbed_results_stay_within_the_documented_error_and_are_repeatable(string form, int ulps)
    {
        float[] exact = Run(form);
        float[] disturbed = Run(form, disturb: true, seed: 5);
        Assert.Equal(disturbed, Run(form, disturb: true, seed: 5));
        int moved = 0;
        for (int i = 0; i < 32; i++)
        {
            if (!float.IsFinite(exact[i]))
            {
                Assert.Equal(exact[i], disturbed[i]);
                continue;
            }

            long distance = Math.Abs((long)BitConverter.SingleToInt32Bits(exact[i])
                - BitConverter.SingleToInt32Bits(disturbed[i]));
            Assert.InRange(distance, 0, ulps);
            moved += distance > 0 ? 1 : 0;
        }

        Assert.True(moved >= 3, $"{moved} of 32 moved");
        Assert.NotEqual(disturbed, Run(form, disturb: true, seed: 6));
        // Of powers of two these functions are exact on a device.
        if (!form.StartsWith("div", StringComparison.Ordinal))
            Assert.Equal(exact[1], disturbed[1]);
    }
}
