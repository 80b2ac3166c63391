namespace KdKernels.Core;

/// <summary>
/// Noisy copies of images, the probe of Cheng et al., CVPR 2020, whose noise is computed where it is needed and never
/// stored:
/// <code>
/// y[n, c, h, w] = x[image, c, h, w] + σ[image, ⌊h·R/H⌋, ⌊w·Q/W⌋] · ε(seed, step, firstSample + n, (c·H + h)·W + w)
/// </code>
/// <para>for σ of R x Q cells that the channels share, n = image·samples + copy, and ε from
/// <see cref="PhiloxNormals"/>. A single image serves all grids of σ, a single grid all images. Each y is rounded once;
/// a float64 image gets the same float32 noise.</para>
/// <para>Gradients for upstream g: of σ, Σ g·ε over the copies, channels and pixels of a cell, regenerated; of x, g
/// summed over the copies of an image, which needs no kernel. NaN and infinities stay in their own pixels, and in the
/// gradient of their own cell.</para>
/// <para>Deterministic: a copy's bits depend on its image, its σ and its number, neither on the other copies of the
/// call nor on threads or vector width; those of σ's gradient on the shape and the values. CPU and CUDA have the same ε,
/// bit for bit, and so the same Float32 copies; σ's gradient is summed in another order there.</para>
/// </summary>
public static class NoiseProbe
{
    /// <summary>Writes the noisy copies.</summary>
    /// <param name="input">[images or 1, channels, height x width]: Float32 or Float64 on the CPU, any strides; Float32,
    /// Float16 or BFloat16 on CUDA, contiguous like everything else there.</param>
    /// <param name="sigma">Deviations [images or 1, R, Q], of input's element type.</param>
    /// <param name="settings">Names the noise and says how many copies.</param>
    /// <param name="output">[images x samples, channels, height x width], of input's element type.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type, device or layout is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number of samples or pixels is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView input, RowsView sigma, in NoiseProbeSettings settings, RowsView output, CudaQueue? queue = null)
    {
        Guard.IsOperand(input);
        Guard.IsOperand(sigma);
        CheckSettings(settings, input);
        long images = Images(input.Outer, sigma);
        Guard.HasShape(
            sigma, input.ElementType, sigma.Outer, sigma.Inner, sigma.Length, input.Device, nameof(sigma));
        Guard.IsOutput(
            output, input.ElementType, images * settings.Samples, input.Inner, input.Length, input.Device);
        CheckCells(sigma, output);
        CheckSamples(settings.FirstSample, output.Outer);
        var problem = new NoiseProbeProblem { Settings = settings, Sigma = sigma, Copies = output, Input = input };
        if (input.Device.Type == KdDeviceType.Cuda)
            NoiseProbeCuda.Forward(problem, queue);
        else
            NoiseProbeCpu.Forward(problem);
    }

    /// <summary>Writes the gradient of σ.</summary>
    /// <param name="upstream">Gradient of the copies, with their shape and element type; any strides.</param>
    /// <param name="settings">As in <see cref="Forward"/>.</param>
    /// <param name="sigmaGradient">[images or 1, R, Q].</param>
    /// <param name="queue">As in <see cref="Forward"/>.</param>
    /// <inheritdoc cref="Forward" path="/exception"/>
    public static void Backward(
        RowsView upstream, in NoiseProbeSettings settings, RowsView sigmaGradient, CudaQueue? queue = null)
    {
        Guard.IsOperand(upstream);
        CheckSettings(settings, upstream);
        (long images, long rest) = Math.DivRem(upstream.Outer, settings.Samples);
        if (rest != 0 || Images(images, sigmaGradient) != images)
        {
            throw new ArgumentException(
                $"expected the gradient of {settings.Samples} copies of each of {sigmaGradient.Outer} images "
                + $"but got {upstream.Shape}",
                nameof(upstream));
        }

        Guard.IsOutput(
            sigmaGradient,
            upstream.ElementType,
            sigmaGradient.Outer,
            sigmaGradient.Inner,
            sigmaGradient.Length,
            upstream.Device);
        CheckCells(sigmaGradient, upstream);
        CheckSamples(settings.FirstSample, upstream.Outer);
        var problem = new NoiseProbeProblem
        {
            Settings = settings,
            Sigma = sigmaGradient,
            Copies = upstream,
            SigmaGradient = sigmaGradient,
        };
        if (upstream.Device.Type == KdDeviceType.Cuda)
            NoiseProbeCuda.Backward(problem, queue);
        else
            NoiseProbeCpu.Backward(problem);
    }

    /// <summary>Writes the noise alone, as Float32: copy n holds that of sample firstSample + n. On the CPU.</summary>
    /// <param name="settings">Names the noise; neither width nor samples matter here.</param>
    /// <param name="noise">[copies, 1, elements], contiguous, on the CPU.</param>
    /// <exception cref="ArgumentException">The memory is not as expected.</exception>
    public static unsafe void Noise(in NoiseProbeSettings settings, RowsView noise)
    {
        Guard.IsOperand(noise);
        Guard.IsOutput(noise, KdElementType.Float32, noise.Outer, 1, noise.Length, KdDevice.Cpu);
        CheckSamples(settings.FirstSample, noise.Outer);
        if (noise.ElementStride != 1 || noise.OuterStride != noise.Length)
            throw new ArgumentException($"expected contiguous memory of shape {noise.Shape}", nameof(noise));
        for (long copy = 0; copy < noise.Outer; copy++)
        {
            float* target = (float*)noise.Data + (copy * noise.Length);
            uint sample = (uint)(settings.FirstSample + copy);
            PhiloxNormals.Fill(
                settings.Seed, PhiloxPurpose.NoiseProbe, settings.Step, sample, 0, target, noise.Length);
        }
    }

    private static long Images(long inputs, RowsView sigma)
    {
        if (inputs == sigma.Outer || inputs == 1 || sigma.Outer == 1) return inputs == 1 ? sigma.Outer : inputs;
        throw new ArgumentException(
            $"expected one grid of sigma for each of {inputs} images, or a single one, but got {sigma.Shape}",
            nameof(sigma));
    }

    private static void CheckSettings(in NoiseProbeSettings settings, RowsView images)
    {
        if (settings.Samples < 1)
        {
            throw new ArgumentOutOfRangeException(
                "samples", settings.Samples, $"expected at least 1 sample but got {settings.Samples}");
        }

        if (settings.Width < 1 || images.Length % settings.Width != 0 || images.Length / settings.Width > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                "width",
                settings.Width,
                $"expected a width that divides {images.Length} pixels but got {settings.Width}");
        }

        if (images.Inner * images.Length > PhiloxNormals.MostElements)
        {
            throw new ArgumentException(
                $"expected at most 2^34 elements per image but got shape {images.Shape}", nameof(images));
        }
    }

    private static void CheckCells(RowsView sigma, RowsView copies)
    {
        if ((sigma.Inner < 1 || sigma.Length < 1) && copies.Rows > 0 && copies.Length > 0)
            throw new ArgumentException($"expected at least one cell per image but got {sigma.Shape}", nameof(sigma));
        if (sigma.Inner > int.MaxValue || sigma.Length > int.MaxValue)
        {
            throw new ArgumentException(
                $"expected at most 2^31 rows and columns of cells but got {sigma.Shape}", nameof(sigma));
        }
    }

    private static void CheckSamples(uint first, long copies)
    {
        if (first + copies <= 1L + uint.MaxValue) return;
        throw new ArgumentOutOfRangeException(
            "firstSample", first, $"expected sample numbers below 2^32 but got {copies} samples from {first} on");
    }
}
